import type { IncomingHttpHeaders } from 'node:http';
import { Injectable } from '@nestjs/common';
import { Config } from '../../config/config.js';
import { CookieSessions } from '../../sessions/cookie-sessions.js';
import { CsrfFailed } from '../../sessions/session.errors.js';

const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];
/** Methods that change nothing (RFC 9110 §9.2.1). */
const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Refuses what another site makes a browser send (OWASP CSRF Prevention Cheat Sheet). */
@Injectable()
export class Csrf {
  readonly #own: ReadonlySet<string>;
  /** Of other sites, whose pages may send requests all the same. */
  readonly #listed: ReadonlySet<string>;

  constructor(
    config: Config,
    private readonly cookieSessions: CookieSessions,
  ) {
    this.#own = new Set(ownOrigins(config.publicUrl));
    this.#listed = new Set(config.corsOrigins);
  }

  /** What belongs to a session's cookie, for the `X-CSRF-Token` header. */
  tokenOf(sessionId: string): string {
    return this.cookieSessions.codec.csrfToken(sessionId);
  }

  /** A request that a cookie lets in must come from our own pages and show the token of its session. @throws CsrfFailed */
  check(request: { method: string; headers: IncomingHttpHeaders }, sessionId: string): void {
    if (SAFE.has(request.method)) return;
    this.checkOrigin(request.headers);
    const token = request.headers['x-csrf-token'];
    if (typeof token !== 'string' || !this.cookieSessions.codec.isCsrfToken(sessionId, token)) throw new CsrfFailed();
  }

  /** What a browser says of where the request comes from. Who says nothing is no browser. @throws CsrfFailed */
  checkOrigin({ origin, 'sec-fetch-site': site = 'none' }: IncomingHttpHeaders): void {
    if (origin !== undefined && this.#listed.has(origin)) return;
    if (origin !== undefined && !this.#own.has(origin)) throw new CsrfFailed();
    if (site !== 'same-origin' && site !== 'none') throw new CsrfFailed();
  }
}

/** The origin of the service; on this machine, under each name that the machine has for itself. */
function ownOrigins(publicUrl: string): string[] {
  const { origin, protocol, hostname, port } = new URL(publicUrl);
  if (!LOOPBACK.includes(hostname)) return [origin];
  return LOOPBACK.map((name) => `${protocol}//${name}${port === '' ? '' : `:${port}`}`);
}
