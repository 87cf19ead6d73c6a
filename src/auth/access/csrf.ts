import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { RepeatedEvents } from '../../audit/repeated-events.js';
import { Config } from '../../config/config.js';
import { clientContextOf } from '../../http/client-context.js';
import type { AuthErrorOptions } from '../../problems/auth-error.js';
import { CookieSessions } from '../../sessions/cookie-sessions.js';
import { CsrfFailed } from '../../sessions/session.errors.js';

const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];
declare module 'fastify' {
  interface FastifyContextConfig {
    /** The route verifies another request for a proxy. The method of that request is in `X-Forwarded-Method`. */
    forwarded?: boolean;
  }
}

/** Methods that change nothing (RFC 9110 §9.2.1). */
const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Rejects cross-site request forgery (OWASP CSRF Prevention Cheat Sheet). */
@Injectable()
export class Csrf {
  readonly #own: ReadonlySet<string>;
  /** `CORS_ORIGINS`: other origins that may send requests. */
  readonly #allowed: ReadonlySet<string>;

  constructor(
    config: Config,
    private readonly cookieSessions: CookieSessions,
    private readonly repeated: RepeatedEvents,
  ) {
    this.#own = new Set(ownOrigins(config.publicUrl));
    this.#allowed = new Set(config.corsOrigins);
  }

  /** Returns the CSRF token of a session, for the `X-CSRF-Token` header. */
  tokenOf(sessionId: string): string {
    return this.cookieSessions.codec.csrfToken(sessionId);
  }

  /** Checks the origin and the CSRF token of a request with a session cookie. @throws CsrfFailed */
  async check(request: FastifyRequest, sessionId: string): Promise<void> {
    if (SAFE.has(methodOf(request))) return;
    await this.checkOrigin(request);
    const token = request.headers['x-csrf-token'];
    if (typeof token === 'string' && this.cookieSessions.codec.isCsrfToken(sessionId, token)) return;
    await this.#reject(request);
  }

  /** Checks `Origin` and `Sec-Fetch-Site`, which only browsers send. @throws CsrfFailed */
  async checkOrigin(request: FastifyRequest): Promise<void> {
    if (!this.isFromOwnSite(request)) await this.#reject(request, { name: 'foreign_origin' });
  }

  /** Whether no browser sends the request, or a page of the service or of `CORS_ORIGINS`. */
  isFromOwnSite({ headers }: FastifyRequest): boolean {
    const { origin, 'sec-fetch-site': site = 'none' } = headers;
    if (origin !== undefined && this.#allowed.has(origin)) return true;
    const isOwn = origin === undefined || this.#own.has(origin);
    return isOwn && (site === 'same-origin' || site === 'none');
  }

  /**
   * The same for a form of our own pages, whose `Origin` is `null` because they send no referrer. That of another site's form is
   * `null` only if that site asks for it, so older browsers, without `Sec-Fetch-Site`, are protected in part.
   *
   * @throws CsrfFailed
   */
  async checkOwnPage(request: FastifyRequest): Promise<void> {
    const { origin = 'null', 'sec-fetch-site': site = 'none' } = request.headers;
    const isForeign = origin !== 'null' && !this.#own.has(origin);
    if (isForeign || (site !== 'same-origin' && site !== 'none'))
      await this.#reject(request, { name: 'foreign_origin' });
  }

  async #reject(request: FastifyRequest, detail?: AuthErrorOptions['detail']): Promise<never> {
    const details = { code: CsrfFailed.code };
    await this.repeated.recordRefused('request.refused', { client: clientContextOf(request), details });
    throw new CsrfFailed({ detail });
  }
}

/** The method of the request, or of the one that a proxy is going to forward. */
function methodOf({ method, headers, routeOptions }: FastifyRequest): string {
  if (!routeOptions.config.forwarded) return method;
  return String(headers['x-forwarded-method'] ?? method);
}

/** The origin of the service. For a loopback host, also the origins with the other names of that host. */
function ownOrigins(publicUrl: string): string[] {
  const { origin, protocol, hostname, port } = new URL(publicUrl);
  if (!LOOPBACK.includes(hostname)) return [origin];
  return LOOPBACK.map((name) => `${protocol}//${name}${port === '' ? '' : `:${port}`}`);
}
