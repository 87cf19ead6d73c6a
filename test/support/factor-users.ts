import { Secret, TOTP } from 'otpauth';
import { RecoveryCodes } from '../../src/second-factors/recovery-codes.js';
import { SecondFactors } from '../../src/second-factors/second-factors.js';
import { Totp } from '../../src/second-factors/totp.js';
import { UsersService } from '../../src/users/users.service.js';
import { secrets } from './secrets.js';
import type { TestServer } from './server.js';

/** The second factor of a test user. */
export interface TestFactor {
  /** A code of the app. Moves the clock, because each time step counts once. */
  totp(): string;
  recoveryCodes: string[];
}

/** Gives a user an authenticator app and recovery codes, without the routes. */
export async function addFactor(server: TestServer, username: string): Promise<TestFactor> {
  const user = await server.get(UsersService).findForLogin({ username });
  if (user === null) throw new Error(`no user ${username}`);
  const { secret } = await server.get(Totp).enrol(user);
  secrets.add(secret);
  const app = new TOTP({ secret: Secret.fromBase32(secret), algorithm: 'SHA1', digits: 6, period: 30 });
  const totp = () => {
    server.clock.advance(30_000);
    return app.generate({ timestamp: server.clock.now() });
  };
  const recoveryCodes = await server.get(SecondFactors).change(user.id, async (manager) => {
    if (!(await server.get(Totp).confirm(manager, user.id, totp()))) throw new Error('the code is wrong');
    return await server.get(RecoveryCodes).replace(manager, user.id);
  });
  return { totp, recoveryCodes };
}
