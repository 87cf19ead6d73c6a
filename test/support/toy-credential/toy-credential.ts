import { Injectable } from '@nestjs/common';
import { AuditLog } from '../../../src/audit/audit-log.js';
import { InvalidCredentials } from '../../../src/auth/auth.errors.js';
import type { Proof } from '../../../src/auth/proof.js';
import { Reauthentication, type Reauthenticator } from '../../../src/auth/reauthentication.js';
import { Clock } from '../../../src/clock/clock.js';
import type { ClientContext } from '../../../src/http/client-context.js';
import type { Principal } from '../../../src/http/principal.js';
import { PasswordAttempts } from '../../../src/lockout/password-attempts.js';
import type { User } from '../../../src/users/user.entity.js';
import { UsersService } from '../../../src/users/users.service.js';
import type { ToyRequest } from './toy.request.js';

export const TOY_SECRET = 'the toy opens with this';

/** Proves any user with one fixed secret: a minimal credential. */
@Injectable()
export class ToyCredential implements Reauthenticator {
  constructor(
    private readonly users: UsersService,
    private readonly attempts: PasswordAttempts,
    private readonly clock: Clock,
    private readonly audit: AuditLog,
    reauthentication: Reauthentication,
  ) {
    reauthentication.register('toy', this);
  }

  async proveAtLogin({ username, secret }: ToyRequest, client: ClientContext): Promise<Proof> {
    const names = { username };
    const user = await this.users.findForLogin(names);
    const proof = await this.attempts.atLogin({ user, names, client }, async () => this.#check(user, secret));
    if (proof !== undefined) return proof;
    await this.audit.record('login', { result: 'refused', userId: user?.id, client });
    throw new InvalidCredentials();
  }

  async prove({ userId, sessionId }: Principal, client: ClientContext, secret: string): Promise<Proof> {
    const user = await this.users.findForProof(userId);
    const proof = await this.attempts.inSession({ userId, sessionId, client }, async () => this.#check(user, secret));
    if (proof !== undefined) return proof;
    await this.audit.record('password.refused', { result: 'refused', userId, sessionId, client });
    throw new InvalidCredentials();
  }

  #check(user: User | null, secret: string): Proof | undefined {
    if (user === null || user.disabledAt !== null || secret !== TOY_SECRET) return undefined;
    return { user, amr: ['otp', 'user'], at: this.clock.date() };
  }
}
