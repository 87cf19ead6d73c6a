import { Injectable } from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';
import { Clock } from '../clock/clock.js';
import { Config } from '../config/config.js';
import { uuidv7 } from '../crypto/uuidv7.js';
import { ACCESS_TOKEN_TYPE, type AccessTokenClaims, checkTime, readClaims } from './access-token.js';
import { ApproximateLruCache } from './approximate-lru-cache.js';
import type { Key } from './jwa.js';
import { InvalidJws, readObject, verifyJws } from './jws.js';
import { SigningKeys } from './keys/signing-keys.js';
import { TokenMalformed } from './token.errors.js';

/** The subject of a new token. */
export interface AccessTokenSubject {
  userId: string;
  sessionId: string;
  name: string;
  /** How the user authenticated, as RFC 8176 values. */
  amr: readonly string[];
  authTime: Date;
  /** The latest `exp`: the end of the session, and the time until which its revocation would be kept. */
  notAfter: Date;
}

interface VerifiedToken {
  /** The whole token. */
  token: string;
  claims: AccessTokenClaims;
  key: Key;
}

/**
 * The key of a token in the cache: the end of its signature. Hashing all of its 600 characters would take longer than all other
 * checks of a cached token.
 */
function cacheKey(token: string): string {
  return token.slice(-43);
}

/** Issues and verifies access tokens (RFC 9068). */
@Injectable()
export class AccessTokens {
  readonly #verified: ApproximateLruCache<VerifiedToken>;

  constructor(
    private readonly keys: SigningKeys,
    private readonly config: Config,
    private readonly clock: Clock,
    private readonly jwt: JwtService,
  ) {
    this.#verified = new ApproximateLruCache(config.tokenCacheSize);
    keys.onForgotten(() => this.#verified.forget(({ key }) => keys.find(key.kid) !== key));
  }

  /** Issues a token. It is cached as if it had been verified, because this instance has just signed it. */
  issue(subject: AccessTokenSubject): { token: string; expiresInSeconds: number } {
    const iat = this.clock.seconds();
    const notAfter = Math.floor(subject.notAfter.getTime() / 1000);
    const exp = Math.min(iat + Math.floor(this.config.accessTokenTtl / 1000), notAfter);
    const claims: AccessTokenClaims = {
      iss: this.config.publicUrl,
      aud: this.config.jwtAudience,
      sub: subject.userId,
      sid: subject.sessionId,
      jti: uuidv7(this.clock.now()),
      iat,
      exp,
      auth_time: Math.floor(subject.authTime.getTime() / 1000),
      amr: [...subject.amr],
      client_id: 'portero',
      preferred_username: subject.name,
    };
    const key = this.keys.active;
    const token = this.#sign(claims, key);
    // A key that no longer verifies may still be the active one until the next is known.
    if (this.keys.find(key.kid) === key) this.#remember({ token, claims: Object.freeze(claims), key });
    return { token, expiresInSeconds: exp - iat };
  }

  /**
   * Verifies a token and returns its claims. The signature is verified once and then cached; the times and the validity of the
   * key are checked every time. It does not check the session. No I/O.
   *
   * @throws TokenMalformed, TokenExpired
   */
  verify(token: string, { allowExpired = false } = {}): AccessTokenClaims {
    let verified = this.#verified.get(cacheKey(token));
    // Another token may end with the same signature.
    if (verified?.token !== token) {
      verified = this.#verifySignature(token);
      this.#remember(verified);
    }
    checkTime(verified.claims, this.clock.seconds(), { allowExpired });
    return verified.claims;
  }

  #remember(verified: VerifiedToken): void {
    this.#verified.set(cacheKey(verified.token), verified);
  }

  #sign(claims: AccessTokenClaims, { alg, kid, privateKey }: Key): string {
    if (privateKey === undefined) throw new Error(`the key ${kid} has no private half`);
    return this.jwt.sign(claims, {
      privateKey,
      algorithm: alg,
      keyid: kid,
      header: { alg, typ: ACCESS_TOKEN_TYPE },
    });
  }

  #verifySignature(token: string): VerifiedToken {
    try {
      const { header, payload, key } = verifyJws(token, ({ kid }) => this.keys.find(kid));
      if (header.typ !== ACCESS_TOKEN_TYPE) throw new InvalidJws('another typ');
      const expected = { issuer: this.config.publicUrl, audience: this.config.jwtAudience };
      return { token, claims: Object.freeze(readClaims(readObject(payload), expected)), key };
    } catch (cause) {
      throw cause instanceof InvalidJws ? new TokenMalformed({ cause }) : cause;
    }
  }
}
