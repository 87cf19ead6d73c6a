import { Injectable } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { DeviceCookie } from '../lockout/device-cookie.js';
import { CookieSessions } from '../sessions/cookie-sessions.js';
import { SessionsService } from '../sessions/sessions.service.js';
import { Csrf } from './access/csrf.js';
import { SessionCookieHeader } from './access/session-cookie-header.js';
import { CookieSessionResponse } from './cookie-session.response.js';
import type { SignInOutcome } from './sign-in.js';
import { TokensResponse } from './tokens.response.js';

/** Answers a sign-in, whichever credential began it: with tokens, or with a session cookie and what belongs to it. */
@Injectable()
export class SignInAnswer {
  constructor(
    private readonly sessions: SessionsService,
    private readonly cookieSessions: CookieSessions,
    private readonly cookie: SessionCookieHeader,
    private readonly csrf: Csrf,
    private readonly devices: DeviceCookie,
  ) {}

  /** Sets the cookies of the answer and returns its body. */
  of(outcome: SignInOutcome, reply: FastifyReply): TokensResponse | CookieSessionResponse {
    const { user, session, transport, deviceCookie } = outcome;
    if (transport === 'cookie') this.cookie.set(reply, this.cookieSessions.codec.encode(session.id));
    this.devices.set(reply, deviceCookie);
    if (transport === 'bearer') return TokensResponse.of(this.sessions.issue(session));
    return CookieSessionResponse.of(user, session, this.csrf.tokenOf(session.id));
  }
}
