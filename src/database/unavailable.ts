import { isNativeError } from 'node:util/types';
import type { AuthError } from '../problems/auth-error.js';
import { Unavailable } from '../problems/http.errors.js';

/** SQLSTATE classes and codes that say "not now": connection exceptions, resources, shutdown, time-outs. */
const SQLSTATE = /^(08...|53...|57P0.|57014|40001|40P01)$/;
const SYSTEM = new Set(['ECONNREFUSED', 'ECONNRESET', 'ETIMEDOUT', 'EPIPE', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH']);
/** `pg` gives some of its own errors no code; PostgreSQL gives a closed database a code of many meanings. */
const MESSAGE =
  /Query read timeout|is not currently accepting connections|timeout exceeded when trying to connect|Connection terminated|Client has encountered a connection error/;

/** A failure of the database to answer is the caller's to try again, not an internal error. */
export function databaseUnavailable(thrown: unknown): AuthError | undefined {
  if (!isNativeError(thrown)) return undefined;
  const { code = '' } = thrown as { code?: string };
  // A caller that went away in the middle of its body has the code of a lost connection too.
  if (thrown.message === 'aborted') return undefined;
  const unavailable = SQLSTATE.test(code) || SYSTEM.has(code) || MESSAGE.test(thrown.message);
  return unavailable ? new Unavailable({ cause: thrown }) : undefined;
}
