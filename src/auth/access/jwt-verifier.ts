import { Strategy } from 'passport-jwt';
import { LiveTokens } from '../../sessions/live-tokens.js';
import type { AccessTokenClaims } from '../../tokens/access-token.js';

type Callback = (error: unknown, claims?: AccessTokenClaims) => void;
type Verifier = (token: string, key: unknown, options: object, callback: Callback) => void;

const passportJwt = Strategy as unknown as { JwtVerifier: Verifier };
const jsonwebtokenVerifier = passportJwt.JwtVerifier;

// jsonwebtoken accepts more than an access token may be (docs/decisions/0017-passport-jwt-with-our-verifier.md).
passportJwt.JwtVerifier = (token, key, options, callback) => {
  if (key instanceof LiveTokens) verifyLive(key, token, callback);
  else jsonwebtokenVerifier(token, key, options, callback);
};

function verifyLive(liveTokens: LiveTokens, token: string, callback: Callback): void {
  let claims: ReturnType<LiveTokens['verify']>;
  try {
    claims = liveTokens.verify(token);
  } catch (error) {
    callback(error);
    return;
  }
  if (claims instanceof Promise) claims.then((verified) => callback(null, verified), callback);
  else callback(null, claims);
}

/**
 * Returns the `secretOrKey` of a passport-jwt strategy whose tokens {@link LiveTokens} verifies. Strategies with another key
 * use the verifier of passport-jwt.
 */
export function verifiedBy(liveTokens: LiveTokens): Buffer {
  // passport-jwt only passes the key to the verifier above.
  return liveTokens as unknown as Buffer;
}
