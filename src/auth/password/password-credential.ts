import { Injectable } from '@nestjs/common';
import { AuditLog } from '../../audit/audit-log.js';
import { Clock } from '../../clock/clock.js';
import type { ClientContext } from '../../http/client-context.js';
import type { Principal } from '../../http/principal.js';
import { PasswordAttempts } from '../../lockout/password-attempts.js';
import { PasswordHasher } from '../../passwords/password-hasher.js';
import { WrongPassword } from '../../passwords/passwords.errors.js';
import { TokenRevoked } from '../../tokens/token.errors.js';
import { UsersService } from '../../users/users.service.js';
import { runnerOf, type StrategyRunner } from '../access/strategy-runner.js';
import { InvalidCredentials } from '../auth.errors.js';
import type { Proof } from '../proof.js';
import { Reauthentication, type Reauthenticator } from '../reauthentication.js';
import { type LocalRequest, LocalStrategy, PASSWORD_AMR } from './local.strategy.js';
import type { LoginRequest } from './login.request.js';

/** Checks passwords: at login with the strategy `local`, and for reauthentication. */
@Injectable()
export class PasswordCredential implements Reauthenticator {
  readonly #run: StrategyRunner<LocalRequest, Proof>;

  constructor(
    local: LocalStrategy,
    reauthentication: Reauthentication,
    private readonly users: UsersService,
    private readonly hasher: PasswordHasher,
    private readonly attempts: PasswordAttempts,
    private readonly clock: Clock,
    private readonly audit: AuditLog,
  ) {
    this.#run = runnerOf(local);
    reauthentication.register('password', this);
  }

  /** @throws the errors of {@link LocalStrategy.validate} */
  async proveAtLogin(body: LoginRequest, client: ClientContext): Promise<Proof> {
    const proof = await this.#run({ body, client });
    if (proof === undefined) throw new InvalidCredentials();
    return proof;
  }

  /** @throws WrongPassword, also if the user has no password; TooManyAttempts, Busy; TokenRevoked if the user is deleted */
  async prove({ userId, sessionId }: Principal, client: ClientContext, password: string): Promise<Proof> {
    const user = await this.users.findForProof(userId);
    if (!user) throw new TokenRevoked();
    const proof = await this.attempts.inSession({ userId, sessionId, client }, async (turn) => {
      const { matches } = await this.hasher.verify(password, user.passwordHash, turn);
      return matches ? { user, amr: PASSWORD_AMR, at: this.clock.date() } : undefined;
    });
    if (proof !== undefined) return proof;
    const details = { code: WrongPassword.code };
    await this.audit.record('password.refused', { result: 'refused', userId, sessionId, client, details });
    throw new WrongPassword();
  }
}
