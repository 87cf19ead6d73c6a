import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Clock } from '../../clock/clock.js';
import type { CodeEvidence } from '../../codes/code.js';
import { CodeInvalid } from '../../codes/codes.errors.js';
import { Codes } from '../../codes/codes.js';
import { Config } from '../../config/config.js';
import type { ClientContext } from '../../http/client-context.js';
import { NotFound } from '../../problems/http.errors.js';
import { removePasskeys } from '../../second-factors/reset-second-factors.js';
import { Revocations } from '../../sessions/revocation/revocations.js';
import { identifierKey } from '../../users/identifier.js';
import type { User } from '../../users/user.entity.js';
import { UsersService } from '../../users/users.service.js';
import { CodeMails } from '../email/code-mails.js';
import { MailRequests } from '../email/mail-requests.js';
import type { Proof } from '../proof.js';

const PURPOSE = 'sign_in';
/** RFC 8176: a one-time password. */
const AMR: readonly string[] = ['otp'];

/** The credential of a code that is sent to the user's address. */
@Injectable()
export class MailSignIn implements OnModuleInit {
  constructor(
    private readonly requests: MailRequests,
    private readonly codes: Codes,
    private readonly mails: CodeMails,
    private readonly users: UsersService,
    private readonly revocations: Revocations,
    private readonly config: Config,
    private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    this.requests.handle<{ email: string }>(PURPOSE, async ({ email }) => {
      const user = await this.users.findByEmail(email);
      if (user === null || user.disabledAt !== null) return undefined;
      return (manager) => this.mails.send(manager, user, PURPOSE);
    });
  }

  /** Requests a mail with a code, whoever the address belongs to. @throws NotFound with `MAIL_SIGN_IN=off`; TooManyRequests */
  async request(email: string): Promise<void> {
    this.#requireOn();
    await this.requests.countMail(identifierKey(email));
    await this.requests.add(PURPOSE, { email });
  }

  /**
   * Uses a code up. Whoever has it has proved the address. If the user had not, anybody may have registered them: their
   * password, passkeys, sessions and other codes are removed.
   *
   * @throws NotFound with `MAIL_SIGN_IN=off`; CodeInvalid, CodeExpired
   */
  async prove(evidence: CodeEvidence, client: ClientContext): Promise<Proof> {
    this.#requireOn();
    const code = await this.codes.check(PURPOSE, evidence);
    const before = code.userId === null ? null : await this.users.find(code.userId);
    if (before === null || before.disabledAt !== null) throw new CodeInvalid();
    await (before.emailVerified ? this.codes.consume(code) : this.#claim(before, code, client));
    const user = await this.users.find(before.id);
    // The address may have changed since the mail.
    if (user?.emailKey !== code.emailKey) throw new CodeInvalid();
    return { user, amr: AMR, at: this.clock.date() };
  }

  async #claim(user: User, code: Awaited<ReturnType<Codes['check']>>, client: ClientContext): Promise<void> {
    await this.revocations.revokeAll(user.id, 'address_proved_by_other', {
      by: client,
      actor: 'system',
      require: (manager) => this.codes.consume(code, manager),
      within: async (manager) => {
        if (!(await this.users.verifyEmail(manager, user.id, code.emailKey))) throw new CodeInvalid();
        await this.users.removeOtherPassword(manager, user.id, null);
        await removePasskeys(manager, user.id);
        await this.codes.revokeAll(manager, user.id);
      },
    });
  }

  #requireOn(): void {
    if (!this.config.mailSignIn) throw new NotFound();
  }
}
