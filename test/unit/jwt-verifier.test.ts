import { JwtService } from '@nestjs/jwt';
import { Strategy } from 'passport-jwt';
import '../../src/auth/access/jwt-verifier.js';

const SECRET = 'a secret of another application, which is not a key of this server';

/** The result of a strategy with its own key for a token: the claims, or the reason for the rejection. */
function authenticate(token: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const strategy = new Strategy(
      { jwtFromRequest: () => token, secretOrKey: SECRET, algorithms: ['HS256'] },
      (claims, done) => done(null, claims),
    );
    const attempt = Object.assign(Object.create(strategy), {
      success: resolve,
      fail: (reason: Error) => resolve(reason.message),
      error: reject,
    });
    attempt.authenticate({});
  });
}

const sign = (secret: string) => new JwtService({ secret }).sign({ sub: 'ana' });

test('a passport-jwt strategy with its own key still uses the verifier of the library', async () => {
  expect(await authenticate(sign(SECRET))).toEqual({ sub: 'ana', iat: expect.any(Number) });
  expect(await authenticate(sign(`${SECRET}!`))).toBe('invalid signature');
});
