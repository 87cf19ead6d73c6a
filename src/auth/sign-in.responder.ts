import { Injectable } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { DeviceCookie } from '../lockout/device-cookie.js';
import { CookieSessions } from '../sessions/cookie-sessions.js';
import { SessionsService } from '../sessions/sessions.service.js';
import { Csrf } from './access/csrf.js';
import { SessionCookieHeader } from './access/session-cookie-header.js';
import { EnrolmentRequired, SecondFactorRequired } from './auth.errors.js';
import { CookieSessionResponse } from './cookie-session.response.js';
import type { SignInOutcome } from './sign-in.js';
import { TokensResponse } from './tokens.response.js';

/** Builds the response of a sign-in, for all credentials: tokens, or a session cookie and its CSRF token. */
@Injectable()
export class SignInResponder {
  constructor(
    private readonly sessions: SessionsService,
    private readonly cookieSessions: CookieSessions,
    private readonly cookie: SessionCookieHeader,
    private readonly csrf: Csrf,
    private readonly devices: DeviceCookie,
  ) {}

  /** Sets the cookies of the response and returns its body. @throws SecondFactorRequired, EnrolmentRequired */
  of(outcome: SignInOutcome, reply: FastifyReply): TokensResponse | CookieSessionResponse {
    if ('waitsFor' in outcome) {
      throw new (outcome.waitsFor === 'enrolment' ? EnrolmentRequired : SecondFactorRequired)(outcome);
    }
    const { user, session, transport, deviceCookie } = outcome;
    if (transport === 'cookie') this.cookie.set(reply, this.cookieSessions.codec.encode(session.id));
    this.devices.set(reply, deviceCookie);
    if (transport === 'bearer') return TokensResponse.of(this.sessions.issue(session));
    return CookieSessionResponse.of(user, session, this.csrf.tokenOf(session.id));
  }
}
