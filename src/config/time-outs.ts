/** How long a request waits for a database connection, in milliseconds. Then the response is 503. */
export const CONNECT_TIMEOUT_MS = 3000;

/**
 * How long a request waits for a statement and its locks, in milliseconds. Then the response is 503. PostgreSQL enforces it,
 * and so does the client, in case PostgreSQL does not respond.
 */
export const STATEMENT_TIMEOUT_MS = 10_000;

/** How long a client may take to send a request, in milliseconds. Then the response is 408. */
export const REQUEST_TIMEOUT_MS = 30_000;

/**
 * The longest time that can pass between a refresh whose response is lost and its retry. With a shorter `REFRESH_GRACE`, such
 * a retry would count as reuse.
 */
export const MIN_REFRESH_GRACE_MS = CONNECT_TIMEOUT_MS + STATEMENT_TIMEOUT_MS + REQUEST_TIMEOUT_MS;
