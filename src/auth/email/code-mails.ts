import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Codes } from '../../codes/codes.js';
import type { Mail } from '../../mail/mail.js';
import { Mails } from '../../mail/mails.js';
import type { Language } from '../../problems/language.js';
import { displayName, type User } from '../../users/user.entity.js';
import { Links } from './links.js';

/** Who gets a mail. */
type Recipient = Pick<User, 'id' | 'username' | 'email' | 'language'>;

/** A registration that becomes a user when its address is confirmed. */
export interface PendingUser {
  username: string | null;
  email: string;
  passwordHash: string;
  language: Language;
}

interface VerificationOptions {
  /** Sends nothing if the previous mail of this kind is younger, in milliseconds. */
  notWithinMs?: number;
}

/** Makes one-time codes and queues the mails that contain them, in the transaction of the caller. */
@Injectable()
export class CodeMails {
  constructor(
    private readonly codes: Codes,
    private readonly mails: Mails,
    private readonly links: Links,
  ) {}

  /** Lets the user prove their address. Does nothing if they have none. */
  async verifyEmail(manager: EntityManager, user: Recipient, options: VerificationOptions = {}): Promise<void> {
    if (user.email === null) return;
    const { email, id: userId } = user;
    const issued = await this.codes.issue(manager, { purpose: 'verify_email', userId, email, ...options });
    if (issued === undefined) return;
    await this.mails.queue(manager, {
      name: 'verify_email',
      to: email,
      language: user.language,
      contents: { name: displayName(user), ...this.#content('verify_email', issued) },
    });
  }

  /** Lets the owner of an address confirm a private registration. */
  async confirmRegistration(manager: EntityManager, user: PendingUser): Promise<void> {
    const { email, language } = user;
    const issued = await this.codes.issue(manager, { purpose: 'register', email, data: user });
    if (issued === undefined) return;
    const contents = { name: displayName(user), ...this.#content('register', issued) };
    await this.mails.queue(manager, { name: 'verify_email', to: email, language, contents });
  }

  /** Lets the user set a new password, or sign in. Does nothing if they have no address. */
  async send(manager: EntityManager, user: Recipient, purpose: 'reset_password' | 'sign_in'): Promise<void> {
    if (user.email === null) return;
    const { email, id: userId, language } = user;
    const issued = await this.codes.issue(manager, { purpose, userId, email });
    if (issued === undefined) return;
    const contents = { name: displayName(user), ...this.#content(purpose, issued) };
    await this.mails.queue(manager, { name: purpose, to: email, language, contents });
  }

  /** Lets the user confirm a new address. */
  async confirmChange(manager: EntityManager, user: Recipient, newEmail: string): Promise<void> {
    const purpose = 'change_email';
    const issued = await this.codes.issue(manager, { purpose, userId: user.id, email: newEmail });
    if (issued === undefined) return;
    const contents = { name: displayName(user), newEmail, ...this.#content(purpose, issued) };
    await this.mails.queue(manager, {
      name: 'confirm_email_change',
      to: newEmail,
      language: user.language,
      contents,
    });
  }

  /** Reports a change of the address to the previous one, which may undo it. @param data kept with the code that undoes it */
  async reportChange(
    manager: EntityManager,
    { user, newEmail, at, data }: { user: Recipient & { email: string }; newEmail: string; at: Date; data: object },
  ): Promise<void> {
    const { id: userId, email, language } = user;
    const purpose = 'undo_email_change';
    const issued = await this.codes.issue(manager, { purpose, userId, email, data });
    if (issued === undefined) return;
    const link = this.links.of(purpose, issued.token);
    const undoUntil = issued.expiresAt.toISOString();
    const contents = { name: displayName(user), link, at: at.toISOString(), newEmail, undoUntil };
    await this.mails.queue(manager, { name: 'email_changed', to: email, language, contents } satisfies Mail);
  }

  #content(
    purpose: Parameters<Links['of']>[0],
    { token, code, expiresAt }: { token: string; code: string; expiresAt: Date },
  ): { link: string; code: string; expiresAt: string } {
    return { link: this.links.of(purpose, token), code, expiresAt: expiresAt.toISOString() };
  }
}
