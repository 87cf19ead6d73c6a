/** How long a request waits for a connection to the database, in milliseconds; then the answer is 503. */
export const CONNECT_TIMEOUT_MS = 3000;

/**
 * How long it waits for a statement, locks included, in milliseconds; then the answer is 503. The server and the client
 * both keep to it: the client alone where the server has gone silent.
 */
export const STATEMENT_TIMEOUT_MS = 10_000;

/** How long a caller may take to send a request, in milliseconds; then the answer is 408. */
export const REQUEST_TIMEOUT_MS = 30_000;

/**
 * A client whose refresh has no answer waits for all of these before its retry is read. A shorter `REFRESH_GRACE` would
 * take such a retry for theft.
 */
export const LEAST_REFRESH_GRACE_MS = CONNECT_TIMEOUT_MS + STATEMENT_TIMEOUT_MS + REQUEST_TIMEOUT_MS;
