import { Injectable } from '@nestjs/common';
import { ChangeFeed } from '../database/feed/change-feed.js';
import type { AccessTokenClaims } from '../tokens/access-token.js';
import { AccessTokens } from '../tokens/access-tokens.js';
import { TokenRevoked } from '../tokens/token.errors.js';
import { LastSeen } from './last-seen.js';
import { Revocations } from './revocation/revocations.js';

/** Judges access tokens by all that there is to know: their form, key, time, and whether their session has ended. */
@Injectable()
export class LiveTokens {
  constructor(
    private readonly accessTokens: AccessTokens,
    private readonly revocations: Revocations,
    private readonly lastSeen: LastSeen,
    private readonly feed: ChangeFeed,
  ) {}

  /**
   * The claims of a token that is good now. No I/O, but where nothing was heard of other instances for
   * `REVOCATION_STALE_AFTER`: then the database is asked first.
   *
   * @throws TokenMalformed, TokenExpired, TokenRevoked; Unavailable where the database must be asked and can't be
   */
  async verify(token: string): Promise<AccessTokenClaims> {
    if (this.feed.isStale) await this.feed.ensureFresh();
    const claims = this.accessTokens.verify(token);
    if (this.revocations.has(claims.sid)) throw new TokenRevoked();
    this.lastSeen.note(claims.sid);
    return claims;
  }
}
