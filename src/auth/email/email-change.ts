import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource, EntityManager } from 'typeorm';
import { AuditLog } from '../../audit/audit-log.js';
import { Clock } from '../../clock/clock.js';
import type { CodeEvidence, CodeOfUser } from '../../codes/code.js';
import { CodeInvalid } from '../../codes/codes.errors.js';
import { Codes, type PresentedCode } from '../../codes/codes.js';
import type { ClientContext } from '../../http/client-context.js';
import type { Principal } from '../../http/principal.js';
import { Outbox } from '../../outbox/outbox.js';
import { ValidationFailed } from '../../problems/http.errors.js';
import { Revocations } from '../../sessions/revocation/revocations.js';
import { canonicalText, identifierKey, looksLikeForeignAddress } from '../../users/identifier.js';
import type { User } from '../../users/user.entity.js';
import { EmailTaken } from '../../users/users.errors.js';
import { UsersService } from '../../users/users.service.js';
import type { Evidence } from '../reauthentication.js';
import { SensitiveChanges } from '../step-up/sensitive-changes.js';
import { CodeMails } from './code-mails.js';
import { MailRequests } from './mail-requests.js';

/** Kept with the code that undoes a change. */
interface Before {
  /** The password at the time of the change. */
  passwordHash: string | null;
}

/** Changes the address of a user. The new address confirms the change, and the previous one can undo it. */
@Injectable()
export class EmailChange {
  constructor(
    @InjectDataSource() private readonly database: DataSource,
    private readonly requests: MailRequests,
    private readonly outbox: Outbox,
    private readonly codes: Codes,
    private readonly mails: CodeMails,
    private readonly users: UsersService,
    private readonly revocations: Revocations,
    private readonly changes: SensitiveChanges,
    private readonly clock: Clock,
    private readonly audit: AuditLog,
  ) {}

  /**
   * Requests a change. Nothing changes until the new address confirms it.
   *
   * @throws the errors of {@link SensitiveChanges}; ValidationFailed, EmailTaken, TooManyRequests
   */
  async request(principal: Principal, client: ClientContext, evidence: Evidence, email: string): Promise<void> {
    const change = await this.changes.authorize(principal, client, evidence, 'current_password');
    const { user } = change;
    if (looksLikeForeignAddress({ username: user.username ?? undefined, email })) {
      throw new ValidationFailed({ faults: [{ pointer: '/email', code: 'email_invalid' }] });
    }
    const owner = await this.users.findByEmail(email);
    if (owner?.emailVerified) throw new EmailTaken();
    await this.requests.countMail(identifierKey(email));
    await this.database.transaction(async (manager) => {
      await this.users.lock(manager, user.id);
      await this.changes.requireStill(manager, principal, change);
      await this.mails.confirmChange(manager, user, canonicalText(email));
    });
    this.outbox.wake();
  }

  /**
   * Changes the address to the one that the code was sent to.
   *
   * @throws CodeInvalid, CodeExpired; EmailTaken if another user has verified the address meanwhile
   */
  async confirm(evidence: CodeEvidence | CodeOfUser, client: ClientContext): Promise<void> {
    const code = await this.codes.check('change_email', evidence);
    const user = code.userId === null ? null : await this.users.findForProof(code.userId);
    if (user === null) throw new CodeInvalid();
    await this.#endUnverifiedClaim(user.id, code, client);
    const event = this.audit.event('email.changed', { userId: user.id, client });
    await this.database.transaction(async (manager) => {
      await this.users.lock(manager, user.id);
      await this.codes.consume(code, manager);
      await this.users.setEmail(manager, user.id, { email: code.email, verified: true });
      await this.codes.revokeAll(manager, user.id);
      await this.#report(manager, user, code);
      await this.audit.insert(manager, event);
    });
    this.audit.log(event);
    this.outbox.wake();
  }

  /**
   * Restores the previous address, and ends all sessions. A password that was set since the change is removed, and the user
   * gets a mail to set another one, because whoever changed the address knew the password.
   *
   * @throws CodeInvalid, CodeExpired; EmailTaken if another user has verified the address meanwhile
   */
  async undo(token: string, client: ClientContext): Promise<void> {
    const code = await this.codes.check('undo_email_change', { token });
    const userId = code.userId as string;
    await this.#endUnverifiedClaim(userId, code, client);
    const event = this.audit.event('email.changed', { userId, client, details: { undone: true } });
    await this.revocations.revokeAll(userId, 'email_change_undone', {
      by: client,
      require: (manager) => this.codes.consume(code, manager),
      within: async (manager) => {
        await this.users.setEmail(manager, userId, { email: code.email, verified: true });
        await this.users.removeOtherPassword(manager, userId, (code.data as Before).passwordHash);
        await this.codes.revokeAll(manager, userId);
        await this.codes.revokeSince(manager, code);
        const user = await this.users.find(userId, manager);
        if (user !== null) await this.mails.send(manager, user, 'reset_password');
        await this.audit.insert(manager, event);
      },
    });
    this.audit.log(event);
    this.outbox.wake();
  }

  /** An address belongs to who proves it. An unverified user who claimed it loses it, and all sessions. */
  async #endUnverifiedClaim(userId: string, { email }: PresentedCode, client: ClientContext): Promise<void> {
    const claimant = await this.users.findByEmail(email);
    if (claimant === null || claimant.id === userId || claimant.emailVerified) return;
    const reason = claimant.username === null ? 'user_deleted' : 'address_proved_by_other';
    await this.revocations.revokeAll(claimant.id, reason, {
      by: client,
      actor: 'system',
      within: async (manager) => {
        await this.codes.revokeAll(manager, claimant.id);
        await this.users.releaseEmail(manager, claimant.id);
      },
    });
  }

  async #report(manager: EntityManager, user: User, { email: newEmail }: PresentedCode): Promise<void> {
    const { email, passwordHash = null } = user;
    // A change that only spells the same address otherwise has nobody to report to.
    if (email === null || !user.emailVerified || user.emailKey === identifierKey(newEmail)) return;
    const data: Before = { passwordHash };
    await this.mails.reportChange(manager, { user: { ...user, email }, newEmail, at: this.clock.date(), data });
  }
}
