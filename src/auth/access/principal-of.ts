import type { Principal } from '../../http/principal.js';

/** What a strategy has verified of a session. */
export interface VerifiedSession {
  userId: string;
  sessionId: string;
  name: string;
  amr: readonly string[];
  /** Seconds since the epoch. */
  authTime: number;
}

/** Builds every principal, whichever strategy verified the session. */
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
