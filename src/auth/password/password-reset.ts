import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { CodeEvidence } from '../../codes/code.js';
import { CodeInvalid } from '../../codes/codes.errors.js';
import { Codes, type PresentedCode } from '../../codes/codes.js';
import type { ClientContext } from '../../http/client-context.js';
import { HashingTurns } from '../../lockout/hashing-turns.js';
import { PasswordAttempts } from '../../lockout/password-attempts.js';
import { UserNotices } from '../../notices/user-notices.js';
import { Outbox } from '../../outbox/outbox.js';
import { PasswordHasher } from '../../passwords/password-hasher.js';
import { PasswordPolicy } from '../../passwords/password-policy.js';
import { removePasskeys } from '../../second-factors/reset-second-factors.js';
import { Revocations } from '../../sessions/revocation/revocations.js';
import { identifierKey, MAX_IDENTIFIER_LENGTH, type TypedNames } from '../../users/identifier.js';
import { UsersService } from '../../users/users.service.js';
import { CodeMails } from '../email/code-mails.js';
import { MailRequests } from '../email/mail-requests.js';

const PURPOSE = 'reset_password';

/** Lets users who have forgotten their password set a new one, by a code that is sent to their address. */
@Injectable()
export class PasswordReset implements OnModuleInit {
  constructor(
    private readonly requests: MailRequests,
    private readonly outbox: Outbox,
    private readonly codes: Codes,
    private readonly mails: CodeMails,
    private readonly notices: UserNotices,
    private readonly users: UsersService,
    private readonly policy: PasswordPolicy,
    private readonly hasher: PasswordHasher,
    private readonly turns: HashingTurns,
    private readonly attempts: PasswordAttempts,
    private readonly revocations: Revocations,
  ) {}

  onModuleInit(): void {
    this.requests.handle<TypedNames>(PURPOSE, (names) => this.#resolve(names));
  }

  /**
   * Requests a mail with a code. Only writes the request, whoever the names belong to: the user is looked up later, in the
   * background. So neither the response nor its duration reveals whether there is such a user.
   *
   * @throws TooManyRequests if too many mails were requested for these names
   */
  async request(names: TypedNames): Promise<void> {
    await this.requests.countMail(typedName(names));
    await this.requests.add(PURPOSE, { email: names.email, username: names.username });
  }

  /**
   * Sets a new password. Ends all sessions of the user and revokes their other codes. Proves the address that the code was
   * sent to; a link from the operator proves none. A rejected password leaves the code usable.
   *
   * @throws CodeInvalid, CodeExpired, PasswordRejected, Busy
   */
  async reset(evidence: CodeEvidence, newPassword: string, client: ClientContext): Promise<void> {
    const code = await this.#check(evidence);
    const user = code.userId === null ? null : await this.users.find(code.userId);
    if (user === null) throw new CodeInvalid();
    await this.policy.check(newPassword, { username: user.username, email: user.email, pointer: '/new_password' });
    const hash = await this.hasher.hash(newPassword, await this.turns.next(client.ip, user.id));
    await this.revocations.revokeAll(user.id, 'password_changed', {
      by: client,
      require: (manager) => this.#use(manager, code),
      within: async (manager) => {
        // Anybody may have registered the address. A passkey of theirs would be enough to sign in; other factors are not.
        if (!user.emailVerified && code.purpose === PURPOSE) await removePasskeys(manager, user.id);
        await this.users.setPasswordHash(user, hash, manager);
        await this.codes.revokeAll(manager, user.id);
        await this.notices.add(manager, { userId: user.id, name: 'password_changed', facts: {} });
      },
    });
    this.outbox.wake();
    await this.attempts.forgive(user.id);
  }

  async #check(evidence: CodeEvidence): Promise<PresentedCode> {
    try {
      return await this.codes.check(PURPOSE, evidence);
    } catch (error) {
      if (error instanceof CodeInvalid && 'token' in evidence) return await this.codes.check('recovery_link', evidence);
      throw error;
    }
  }

  async #use(manager: EntityManager, code: PresentedCode): Promise<void> {
    await this.codes.consume(code, manager);
    if (code.purpose === 'recovery_link') return;
    // The address may have changed since the mail, or the user may have been disabled.
    if (!(await this.users.verifyEmail(manager, code.userId as string, code.emailKey))) throw new CodeInvalid();
  }

  async #resolve(names: TypedNames) {
    const user = await this.users.findForLogin(names);
    if (user === null || user.emailKey === null || user.disabledAt !== null) return undefined;
    // Requests by address were counted by it already.
    if (user.emailKey !== typedName(names) && !(await this.requests.mayMailByName(user.emailKey))) return undefined;
    return (manager: EntityManager) => this.mails.send(manager, user, PURPOSE);
  }
}

function typedName({ email, username }: TypedNames): string {
  return identifierKey((email ?? username ?? '').slice(0, MAX_IDENTIFIER_LENGTH));
}
