import { Strategy } from 'passport-jwt';
import { LiveTokens } from '../../sessions/live-tokens.js';
import type { AccessTokenClaims } from '../../tokens/access-token.js';

type Callback = (error: unknown, claims?: AccessTokenClaims) => void;
type Verifier = (token: string, key: unknown, options: object, callback: Callback) => void;

const passportJwt = Strategy as unknown as { JwtVerifier: Verifier };
const jsonwebtokenVerifier = passportJwt.JwtVerifier;

// jsonwebtoken accepts more than an access token may be (docs/decisions/0017-passport-jwt-with-our-verifier.md).
passportJwt.JwtVerifier = (token, key, options, callback) => {
  if (key instanceof LiveTokens) key.verify(token).then((claims) => callback(null, claims), callback);
  else jsonwebtokenVerifier(token, key, options, callback);
};

/**
 * Returns the `secretOrKey` of a passport-jwt strategy whose tokens {@link LiveTokens} verifies. Strategies with another key
 * use the verifier of passport-jwt.
 */
export function verifiedBy(liveTokens: LiveTokens): Buffer {
  // passport-jwt only passes the key to the verifier above.
  return liveTokens as unknown as Buffer;
}
