/** A step in the history of one user's sessions. It names a session or token by its index among the existing ones. */
export type Step =
  | { do: 'login' }
  /** How many generations the refresh token is before the current one: 0 is the current one, 1 a retry. */
  | { do: 'refresh'; session: number; back: number }
  | { do: 'protected'; session: number; token: number }
  | { do: 'logout'; session: number; by: 'access' | 'refresh'; token: number }
  | { do: 'changePassword'; session: number; token: number }
  | { do: 'endAll'; session: number; token: number; keep: boolean }
  | { do: 'endOne'; session: number; token: number; other: number }
  | { do: 'list'; session: number; token: number }
  | { do: 'restart' }
  | { do: 'advance'; ms: number };

export interface Lifetimes {
  accessTokenTtl: number;
  refreshTokenTtl: number;
  sessionTtl: number;
  refreshGrace: number;
}

/** `status code`, or only the status of a success. */
export type Verdict = string;

interface ModelSession {
  generation: number;
  rotatedAt: number;
  refreshExpiresAt: number;
  expiresAt: number;
  ended: boolean;
  /** When each access token expires, in whole seconds, the oldest first. */
  access: number[];
}

/** The session life cycle of the contract in its simplest form: no database, no concurrency, no cache. */
export class SessionModel {
  readonly sessions: ModelSession[] = [];

  constructor(
    private readonly lifetimes: Lifetimes,
    private readonly now: () => number,
  ) {}

  login(): Verdict {
    const now = this.now();
    const { refreshTokenTtl, sessionTtl } = this.lifetimes;
    const session = {
      generation: 1,
      rotatedAt: 0,
      refreshExpiresAt: now + Math.min(refreshTokenTtl, sessionTtl),
      expiresAt: now + sessionTtl,
      ended: false,
      access: [],
    };
    this.sessions.push(session);
    this.#issue(session);
    return '200';
  }

  refresh(index: number, generation: number): Verdict {
    const now = this.now();
    const session = this.#at(index);
    if (session.ended) return '401 session_revoked';
    if (now >= session.expiresAt || now >= session.refreshExpiresAt) return '401 refresh_token_expired';
    const isRetry = generation === session.generation - 1 && now < session.rotatedAt + this.lifetimes.refreshGrace;
    if (generation === session.generation) {
      session.generation += 1;
      session.rotatedAt = now;
      session.refreshExpiresAt = Math.min(now + this.lifetimes.refreshTokenTtl, session.expiresAt);
    } else if (!isRetry) {
      session.ended = true;
      return '401 refresh_token_reused';
    }
    this.#issue(session);
    return '200';
  }

  /** The result for an access token: `success` if it is valid. */
  access(index: number, token: number, success: Verdict): Verdict {
    const session = this.#at(index);
    if ((session.access[token] as number) <= Math.floor(this.now() / 1000)) return '401 token_expired';
    return session.ended ? '401 token_revoked' : success;
  }

  /** Logs out with any token with a valid signature, however old. */
  logout(index: number): Verdict {
    this.#at(index).ended = true;
    return '204';
  }

  changePassword(index: number, token: number): Verdict {
    return this.endAll(index, token, true);
  }

  endAll(index: number, token: number, keep: boolean): Verdict {
    const verdict = this.access(index, token, '204');
    if (verdict !== '204') return verdict;
    this.sessions.forEach((session, at) => {
      if (at !== index || !keep) session.ended = true;
    });
    return verdict;
  }

  endOne(index: number, token: number, other: number): Verdict {
    const verdict = this.access(index, token, '204');
    if (verdict === '204') this.#at(other).ended = true;
    return verdict;
  }

  /** The sessions that their user can list. */
  live(): number[] {
    const now = this.now();
    return this.sessions.flatMap(({ ended, expiresAt, refreshExpiresAt }, at) =>
      !ended && now < expiresAt && now < refreshExpiresAt ? [at] : [],
    );
  }

  #issue(session: ModelSession): void {
    const inSeconds = (ms: number) => Math.floor(ms / 1000);
    const exp = inSeconds(this.now()) + inSeconds(this.lifetimes.accessTokenTtl);
    session.access.push(Math.min(exp, inSeconds(session.expiresAt)));
  }

  #at(index: number): ModelSession {
    return this.sessions[index] as ModelSession;
  }
}
