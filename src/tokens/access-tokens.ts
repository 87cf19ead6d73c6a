import { Injectable } from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';
import { v7 as uuidv7 } from 'uuid';
import { TokenMalformed } from '../access/token.errors.js';
import { Clock } from '../clock/clock.js';
import { Config } from '../config/config.js';
import { ACCESS_TOKEN_TYPE, type AccessTokenClaims, checkClaims, readHeader } from './access-token.js';
import { type SigningKey, SigningKeys } from './signing-keys.js';

/** Whom and what a token is for. */
export interface AccessTokenSubject {
  userId: string;
  sessionId: string;
  name: string;
  authTime: Date;
  /** No token is alive after this: the session's end, and the time until which its revocation would be remembered. */
  notAfter: Date;
}

/** Issues and verifies access tokens (RFC 9068). */
@Injectable()
export class AccessTokens {
  constructor(
    private readonly jwt: JwtService,
    private readonly keys: SigningKeys,
    private readonly config: Config,
    private readonly clock: Clock,
  ) {}

  issue(subject: AccessTokenSubject): { token: string; expiresInSeconds: number } {
    const { kid, alg, privateKey } = this.keys.active;
    const iat = this.clock.seconds();
    const notAfter = Math.floor(subject.notAfter.getTime() / 1000);
    const exp = Math.min(iat + Math.floor(this.config.accessTokenTtl / 1000), notAfter);
    const claims: AccessTokenClaims = {
      iss: this.config.publicUrl,
      aud: this.config.jwtAudience,
      sub: subject.userId,
      sid: subject.sessionId,
      jti: uuidv7({ msecs: this.clock.now() }),
      iat,
      exp,
      auth_time: Math.floor(subject.authTime.getTime() / 1000),
      amr: ['pwd'],
      client_id: 'portero',
      preferred_username: subject.name,
    };
    const token = this.jwt.sign(claims, {
      privateKey,
      algorithm: alg,
      header: { alg, typ: ACCESS_TOKEN_TYPE, kid },
    });
    return { token, expiresInSeconds: exp - iat };
  }

  /** The key that a token must be signed with: known, and of the algorithm that the token names. @throws TokenMalformed */
  keyFor(token: string): SigningKey {
    const { alg, kid } = readHeader(token);
    const key = this.keys.find(kid);
    if (key === undefined || key.alg !== alg) throw new TokenMalformed();
    return key;
  }

  /** Judges the claims of a token whose signature holds. @throws TokenMalformed, TokenExpired */
  check(payload: unknown, { allowExpired = false } = {}): AccessTokenClaims {
    return checkClaims(payload, {
      issuer: this.config.publicUrl,
      audience: this.config.jwtAudience,
      now: this.clock.seconds(),
      allowExpired,
    });
  }

  /** The claims of a genuine token, also when its time is over. @throws TokenMalformed */
  verifyIgnoringExpiry(token: string): AccessTokenClaims {
    const { publicKey, alg } = this.keyFor(token);
    let payload: object;
    try {
      payload = this.jwt.verify(token, {
        // Its type lags behind what jsonwebtoken takes; a PEM text would be parsed again on each call.
        publicKey: publicKey as unknown as Buffer,
        algorithms: [alg],
        ignoreExpiration: true,
        ignoreNotBefore: true,
      });
    } catch (cause) {
      throw new TokenMalformed({ cause });
    }
    return this.check(payload, { allowExpired: true });
  }
}
