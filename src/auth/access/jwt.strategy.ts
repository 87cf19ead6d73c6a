import type { IncomingMessage } from 'node:http';
import { Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import { Strategy } from 'passport';
import type { Principal } from '../../http/principal.js';
import { LiveTokens } from '../../sessions/live-tokens.js';
import { bearerToken } from './bearer-token.js';
import { principalOf } from './principal-of.js';

/** An access token (RFC 6750 §2.1). All that is strict about it is {@link LiveTokens}'. */
@Injectable()
export class JwtStrategy extends PassportStrategy(Strategy, 'jwt') {
  constructor(private readonly liveTokens: LiveTokens) {
    super();
  }

  /** What Passport calls; see its Strategy. */
  override authenticate({ headers }: Pick<IncomingMessage, 'headers'>): void {
    const token = bearerToken(headers);
    if (token === undefined) {
      this.fail(401);
      return;
    }
    this.validate(token).then(
      (principal) => this.success(principal),
      (error) => this.error(error),
    );
  }

  /** @throws TokenMalformed, TokenExpired, TokenRevoked, Unavailable */
  async validate(token: string): Promise<Principal> {
    const { sub, sid, preferred_username: name, amr, auth_time: authTime } = await this.liveTokens.verify(token);
    return principalOf('bearer', { userId: sub, sessionId: sid, name, amr, authTime });
  }
}
