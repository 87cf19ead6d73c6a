import type { IncomingMessage } from 'node:http';
import { Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import { Strategy } from 'passport';
import type { Principal } from '../../http/principal.js';
import { CookieSessions } from '../../sessions/cookie-sessions.js';
import { Csrf } from './csrf.js';
import { principalOf } from './principal-of.js';
import { SessionCookieHeader } from './session-cookie-header.js';

/** A session cookie, with the CSRF token that belongs to it where the request may change something. */
@Injectable()
export class CookieStrategy extends PassportStrategy(Strategy, 'cookie') {
  constructor(
    private readonly cookie: SessionCookieHeader,
    private readonly cookieSessions: CookieSessions,
    private readonly csrf: Csrf,
  ) {
    super();
  }

  /** What Passport calls; see its Strategy. */
  override authenticate(request: IncomingMessage): void {
    this.validate(request).then(
      (principal) => (principal ? this.success(principal) : this.fail(401)),
      (error) => this.error(error),
    );
  }

  /** @throws SessionInvalid, SessionExpired, SessionRevoked, CsrfFailed, Unavailable */
  async validate({ method = '', headers }: IncomingMessage): Promise<Principal | undefined> {
    const value = this.cookie.read(headers);
    if (value === undefined) return undefined;
    const session = await this.cookieSessions.verify(value);
    this.csrf.check({ method, headers }, session.sessionId);
    return principalOf('cookie', session);
  }
}
