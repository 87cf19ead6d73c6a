import { isNativeError } from 'node:util/types';
import type { AuthError } from '../problems/auth-error.js';
import { Unavailable } from '../problems/http.errors.js';

/** SQLSTATE classes and codes of temporary failures: connection, resources, shutdown, timeouts. */
const SQLSTATE = /^(08...|53...|57P0.|57014|40001|40P01)$/;
const SYSTEM = new Set(['ECONNREFUSED', 'ECONNRESET', 'ETIMEDOUT', 'EPIPE', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH']);
/** Some errors of `pg` have no code, and PostgreSQL reports a closed database with an ambiguous one. */
const MESSAGE =
  /Query read timeout|is not currently accepting connections|timeout exceeded when trying to connect|^timeout expired$|Connection terminated|Client has encountered a connection error/;

/** Turns a temporary failure of the database into 503, so that clients retry. */
export function databaseUnavailable(thrown: unknown): AuthError | undefined {
  if (!isNativeError(thrown)) return undefined;
  const { code = '' } = thrown as { code?: string };
  // A client that disconnects while it sends its body causes the same code.
  if (thrown.message === 'aborted') return undefined;
  const unavailable = SQLSTATE.test(code) || SYSTEM.has(code) || MESSAGE.test(thrown.message);
  return unavailable ? new Unavailable({ cause: thrown }) : undefined;
}
