import { Injectable } from '@nestjs/common';
import { ChangeFeed } from '../database/feed/change-feed.js';
import type { AccessTokenClaims } from '../tokens/access-token.js';
import { AccessTokens } from '../tokens/access-tokens.js';
import { TokenRevoked } from '../tokens/token.errors.js';
import { LastSeen } from './last-seen.js';
import { Revocations } from './revocation/revocations.js';

/** Verifies access tokens: their form, signature and time, and that their session has not ended. */
@Injectable()
export class LiveTokens {
  constructor(
    private readonly accessTokens: AccessTokens,
    private readonly revocations: Revocations,
    private readonly lastSeen: LastSeen,
    private readonly feed: ChangeFeed,
  ) {}

  /**
   * Returns the claims of a valid token. No I/O and no promise, unless the change feed has not been read for
   * `REVOCATION_STALE_AFTER`: then it is read first.
   *
   * @throws TokenMalformed, TokenExpired, TokenRevoked; Unavailable if the change feed must be read and can't be
   */
  verify(token: string): AccessTokenClaims | Promise<AccessTokenClaims> {
    return this.feed.isStale ? this.feed.ensureFresh().then(() => this.#verifyNow(token)) : this.#verifyNow(token);
  }

  #verifyNow(token: string): AccessTokenClaims {
    const claims = this.accessTokens.verify(token);
    if (this.revocations.has(claims.sid)) throw new TokenRevoked();
    this.lastSeen.note(claims.sid);
    return claims;
  }
}
