import { Injectable, Logger } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import { Strategy } from 'passport-local';
import { AuditLog } from '../../audit/audit-log.js';
import { Clock } from '../../clock/clock.js';
import type { ClientContext } from '../../http/client-context.js';
import { PasswordAttempts } from '../../lockout/password-attempts.js';
import { ExtraWork } from '../../passwords/extra-work.js';
import { PasswordHasher } from '../../passwords/password-hasher.js';
import type { Turn } from '../../passwords/turn-queue.js';
import type { User } from '../../users/user.entity.js';
import { UsersService } from '../../users/users.service.js';
import { InvalidCredentials } from '../auth.errors.js';
import type { Proof } from '../proof.js';
import type { LoginRequest } from './login.request.js';

/** RFC 8176. */
export const PASSWORD_AMR: readonly string[] = ['pwd'];

/** The request of the strategy, with a validated body. */
export interface LocalRequest {
  body: LoginRequest;
  client: ClientContext;
}

/** Authenticates by a name and a password. */
@Injectable()
export class LocalStrategy extends PassportStrategy(Strategy) {
  readonly #logger = new Logger(LocalStrategy.name);

  constructor(
    private readonly users: UsersService,
    private readonly hasher: PasswordHasher,
    private readonly attempts: PasswordAttempts,
    private readonly extraWork: ExtraWork,
    private readonly clock: Clock,
    private readonly audit: AuditLog,
  ) {
    super({ usernameField: 'identifier', passReqToCallback: true });
  }

  /**
   * @throws InvalidCredentials, with the same response and the same duration for an unknown user and for a wrong password;
   * TooManyRequests, TooManyAttempts, Busy
   */
  async validate({ body: names, client }: LocalRequest, _identifier: string, password: string): Promise<Proof> {
    const user = await this.users.findForLogin(names);
    const attempt = { user, names, client };
    let extraMs = 0;
    const proved = await this.attempts.atLogin(attempt, async (turn) => {
      const checked = await this.#check(user, password, turn);
      extraMs = checked.extraMs;
      return checked.user;
    });
    if (proved !== undefined) return { user: proved, amr: PASSWORD_AMR, at: this.clock.date() };
    await this.extraWork.makeUp(extraMs);
    const { userId, details } = this.attempts.auditedAs(attempt);
    await this.audit.record('login', {
      result: 'refused',
      userId,
      client,
      details: { code: InvalidCredentials.code, ...details, reason: reasonOf(user) },
    });
    throw new InvalidCredentials();
  }

  async #check(user: User | null, password: string, turn: Turn): Promise<{ user?: User; extraMs: number }> {
    const stored = user?.passwordHash;
    const { matches, replacement, fault, extraMs } = await this.hasher.verify(password, stored, turn);
    if (fault !== undefined) this.#logger.warn({ msg: 'a stored password hash is unusable', user_id: user?.id, fault });
    if (!user || !matches || user.disabledAt !== null) return { extraMs };
    if (stored && replacement) await this.users.upgradePasswordHash(user.id, stored, replacement);
    return { user, extraMs };
  }
}

function reasonOf(user: User | null): string {
  if (user === null) return 'unknown_user';
  if (user.disabledAt !== null) return 'user_disabled';
  return user.passwordHash ? 'wrong_password' : 'no_password';
}
