import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { readCookie } from '../../http/cookies.js';
import type { Principal } from '../../http/principal.js';
import { PUBLIC } from '../../http/public.decorator.js';
import { RequestLimit } from '../../rate-limits/request-limit.js';
import { SessionExpired, SessionInvalid, SessionRevoked } from '../../sessions/session.errors.js';
import { TokenExpired, TokenMalformed, TokenMissing, TokenRevoked } from '../../tokens/token.errors.js';
import { bearerToken } from './bearer-token.js';
import { CookieStrategy } from './cookie.strategy.js';
import { JwtStrategy } from './jwt.strategy.js';
import { runnerOf, type StrategyRunner } from './strategy-runner.js';

/** How the guard rejects requests. The OpenAPI document lists them for every guarded route. */
export const GUARD_ERRORS = [
  TokenMissing,
  TokenMalformed,
  TokenExpired,
  TokenRevoked,
  SessionInvalid,
  SessionExpired,
  SessionRevoked,
];

type GuardedRequest = FastifyRequest & { user?: Principal };

/**
 * The global guard: all routes need a session unless they are marked `@Public()`. Strategies run in order, and the first
 * one that finds its credential decides. So an invalid access token is rejected even if the request has a valid cookie.
 */
@Injectable()
export class AccessGuard implements CanActivate {
  readonly #runners: readonly StrategyRunner<FastifyRequest, Principal>[];
  /** Cached by handler, because reading decorator metadata is slow. */
  readonly #public = new WeakMap<object, boolean | string>();

  constructor(
    private readonly reflector: Reflector,
    private readonly requests: RequestLimit,
    jwt: JwtStrategy,
    cookie: CookieStrategy,
  ) {
    this.#runners = [jwt, cookie].map((strategy) => runnerOf(strategy));
  }

  canActivate(context: ExecutionContext): true | Promise<true> {
    const handler = context.getHandler();
    let isPublic = this.#public.get(handler);
    if (isPublic === undefined) {
      isPublic = this.reflector.getAllAndOverride<boolean | string>(PUBLIC, [handler, context.getClass()]) ?? false;
      this.#public.set(handler, isPublic);
    }
    if (isPublic === true) return true;
    // `switchToHttp` would create three functions.
    const request = context.getArgByIndex<GuardedRequest>(0);
    if (isPublic !== false && hasMember(request.body, isPublic)) return true;
    return this.requests.isPending(request)
      ? this.#admit(request, context.getArgByIndex(1))
      : this.#authenticate(request);
  }

  /** For routes that count requests by session. @throws TooManyRequests, and the errors of {@link AccessGuard.#authenticate} */
  async #admit(request: GuardedRequest, reply: FastifyReply): Promise<true> {
    const { headers, server } = request;
    const cookie = () => readCookie(headers.cookie, server.cookieNames.session).value;
    await this.requests.admit(request, reply, {
      // The strategies look for the token first.
      credential: bearerToken(headers) === undefined ? cookie() : headers.authorization,
      authenticate: async () => {
        await this.#authenticate(request);
        const { userId, sessionId } = request.user as Principal;
        return { id: sessionId, event: { userId, sessionId } };
      },
    });
    return true;
  }

  /**
   * Returns a promise only if a strategy does. Most requests have a token in the cache, and need none.
   *
   * @throws TokenMissing if no strategy finds a credential; otherwise the error of the strategy
   */
  #authenticate(request: GuardedRequest, strategy = 0): true | Promise<true> {
    const run = this.#runners[strategy];
    if (run === undefined) throw new TokenMissing();
    const found = run(request);
    const accept = (principal: Principal | undefined) => {
      if (principal === undefined) return this.#authenticate(request, strategy + 1);
      request.user = principal;
      return true;
    };
    return found instanceof Promise ? found.then(accept) : accept(found);
  }
}

function hasMember(body: unknown, name: string): boolean {
  return typeof body === 'object' && body !== null && Object.hasOwn(body, name);
}
