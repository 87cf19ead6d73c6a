import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Config } from '../../config/config.js';
import type { ClientContext } from '../../http/client-context.js';
import { Mails } from '../../mail/mails.js';
import { PATHS } from '../../pages/page-routes.js';
import type { Language } from '../../problems/language.js';
import { canonicalText, identifierKey } from '../../users/identifier.js';
import { displayName, type User } from '../../users/user.entity.js';
import { UsersService } from '../../users/users.service.js';
import { RegistrationClosed } from '../auth.errors.js';
import { CodeMails, type PendingUser } from '../email/code-mails.js';
import { EmailVerification } from '../email/email-verification.js';
import { MailRequests } from '../email/mail-requests.js';
import type { RegisterRequest } from './register.request.js';
import { Registration } from './registration.js';

const KIND = 'register';

/** Registers people who ask for it, as `REGISTRATION` allows. */
@Injectable()
export class SelfRegistration implements OnModuleInit {
  constructor(
    private readonly registration: Registration,
    private readonly verification: EmailVerification,
    private readonly requests: MailRequests,
    private readonly codeMails: CodeMails,
    private readonly mails: Mails,
    private readonly users: UsersService,
    private readonly config: Config,
  ) {}

  onModuleInit(): void {
    this.requests.handle<PendingUser>(KIND, (pending) => this.#resolve(pending));
  }

  /**
   * Registers a user. A mail lets them verify their address.
   *
   * With `REGISTRATION=private`, the user is created when they confirm their address. Until then the work and the response are
   * the same for a new and for a known address.
   *
   * @returns the user; undefined with `REGISTRATION=private`
   * @throws RegistrationClosed, ValidationFailed, PasswordRejected, UsernameTaken, EmailTaken, Busy
   */
  async register(body: RegisterRequest, language: Language, client: ClientContext): Promise<User | undefined> {
    const { username, email, password } = body;
    if (this.config.registration === 'closed') throw new RegistrationClosed();
    if (this.config.registration === 'private') {
      await this.#requestConfirmation({ username, email: email as string }, password, language, client);
      return undefined;
    }
    const user = { username, email, password, language };
    if (email === undefined) return await this.registration.create(user, { client });
    const created = await this.registration.create(user, { client }, (manager, { id }) =>
      this.verification.welcome(manager, id),
    );
    this.requests.wake();
    return created;
  }

  async #requestConfirmation(
    names: { username: string | undefined; email: string },
    password: string,
    language: Language,
    client: ClientContext,
  ): Promise<void> {
    const passwordHash = await this.registration.hash(password, names, client);
    const pending: PendingUser = {
      username: names.username === undefined ? null : canonicalText(names.username),
      email: canonicalText(names.email),
      passwordHash,
      language,
    };
    await this.requests.add(KIND, pending);
  }

  async #resolve(pending: PendingUser) {
    if (!(await this.requests.mayMail(identifierKey(pending.email)))) return undefined;
    const user = await this.users.findByEmail(pending.email);
    if (user === null) {
      return (manager: Parameters<CodeMails['send']>[0]) => this.codeMails.confirmRegistration(manager, pending);
    }
    const { email, language } = user;
    const contents = { name: displayName(user), link: this.config.publicUrl + PATHS.forgot_password };
    return (manager: Parameters<CodeMails['send']>[0]) =>
      this.mails.queue(manager, { name: 'already_registered', to: email as string, language, contents });
  }
}
