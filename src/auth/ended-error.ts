import type { Principal } from '../http/principal.js';
import type { AuthError } from '../problems/auth-error.js';
import { SessionRevoked } from '../sessions/session.errors.js';
import { TokenRevoked } from '../tokens/token.errors.js';

/** The error of a session that ended during a request: that of the credential that the client sent. */
export function endedError({ transport }: Pick<Principal, 'transport'>): AuthError {
  return transport === 'cookie' ? new SessionRevoked({ tokenPresented: false }) : new TokenRevoked();
}
