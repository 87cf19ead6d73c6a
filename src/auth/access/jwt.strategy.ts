import type { IncomingMessage } from 'node:http';
import { Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import { Strategy, type StrategyOptionsWithoutRequest } from 'passport-jwt';
import type { Principal } from '../../http/principal.js';
import { LiveTokens } from '../../sessions/live-tokens.js';
import type { AccessTokenClaims } from '../../tokens/access-token.js';
import { TokenMalformed } from '../../tokens/token.errors.js';
import { bearerToken } from './bearer-token.js';
import { verifiedBy } from './jwt-verifier.js';
import { principalOf } from './principal-of.js';

/** Calls `validate` directly. The callback of `PassportStrategy` awaits it, which would cost every request a promise. */
abstract class ClaimsStrategy extends Strategy {
  constructor(options: StrategyOptionsWithoutRequest) {
    super(options, (claims, done) => done(null, this.validate(claims)));
  }

  abstract validate(claims: AccessTokenClaims): Principal;
}

/** Authenticates by an access token in the `Authorization` header (RFC 6750 §2.1). {@link LiveTokens} verifies it. */
@Injectable()
export class JwtStrategy extends PassportStrategy(ClaimsStrategy as unknown as typeof Strategy, 'jwt') {
  constructor(liveTokens: LiveTokens) {
    super({ jwtFromRequest: nonEmptyBearerToken, secretOrKey: verifiedBy(liveTokens) });
  }

  /** Fails with a status if the request has no bearer token, and with an `AuthError` if the token is invalid. */
  override authenticate(request: Parameters<Strategy['authenticate']>[0]): void {
    if (bearerToken(request.headers) === undefined) this.fail(401);
    else super.authenticate(request);
  }

  /** Called with the claims of a token that is valid now. */
  validate({ sub, sid, preferred_username: name, amr, auth_time: authTime }: AccessTokenClaims): Principal {
    return principalOf('bearer', { userId: sub, sessionId: sid, name, amr, authTime });
  }
}

/** passport-jwt treats an empty token as no token, and the cookie would then be tried. @throws TokenMalformed */
function nonEmptyBearerToken({ headers }: Pick<IncomingMessage, 'headers'>): string {
  const token = bearerToken(headers);
  if (!token) throw new TokenMalformed();
  return token;
}
