import type { Principal } from '../../http/principal.js';

/** The session data that a strategy has verified. */
export interface VerifiedSession {
  userId: string;
  sessionId: string;
  name: string;
  amr: readonly string[];
  /** Seconds since the epoch. */
  authTime: number;
}

/** Builds the principal of a request. All strategies use it. */
export function principalOf(transport: Principal['transport'], session: VerifiedSession): Principal {
  return {
    userId: session.userId,
    sessionId: session.sessionId,
    transport,
    name: session.name,
    amr: session.amr,
    authTime: new Date(session.authTime * 1000),
  };
}
