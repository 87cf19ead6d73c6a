import { Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import type { FastifyRequest } from 'fastify';
import { Strategy, type StrategyOptionsWithoutRequest } from 'passport-jwt';
import type { Principal } from '../access/principal.js';
import { TokenRevoked } from '../access/token.errors.js';
import { Revocations } from '../sessions/revocations.js';
import { AccessTokens } from '../tokens/access-tokens.js';
import { bearerToken } from './bearer-token.js';

/**
 * An access token. passport-jwt checks the signature; what it would let pass is judged before it (the header, by
 * which the key is chosen) and after it (the claims, with our own clock).
 */
@Injectable()
export class JwtStrategy extends PassportStrategy(Strategy) {
  constructor(
    private readonly accessTokens: AccessTokens,
    private readonly revocations: Revocations,
  ) {
    super({
      jwtFromRequest: (request: FastifyRequest) => bearerToken(request.headers) ?? null,
      secretOrKeyProvider: (_request, token, done) => {
        try {
          // Its type knows text alone; a KeyObject is not parsed anew on each request.
          done(null, accessTokens.keyFor(token).publicKey as unknown as string);
        } catch (error) {
          done(error);
        }
      },
      algorithms: ['ES256'],
      jsonWebTokenOptions: { ignoreExpiration: true, ignoreNotBefore: true },
    } as StrategyOptionsWithoutRequest);
  }

  /** @throws TokenMalformed, TokenExpired, TokenRevoked */
  validate(payload: unknown): Principal {
    const claims = this.accessTokens.check(payload);
    if (this.revocations.has(claims.sid)) throw new TokenRevoked();
    return { userId: claims.sub, sessionId: claims.sid, name: claims.preferred_username };
  }
}
