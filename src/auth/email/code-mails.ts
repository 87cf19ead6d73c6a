import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Codes, type NewCode } from '../../codes/codes.js';
import { Config } from '../../config/config.js';
import type { Mail } from '../../mail/mail.js';
import { Mails } from '../../mail/mails.js';
import type { Language } from '../../problems/language.js';
import { displayName, type User } from '../../users/user.entity.js';
import { linkOf } from './links.js';

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

/** An issued code, as mails show it. */
interface SentCode {
  link: string;
  code: string;
  /** ISO 8601, UTC. */
  expiresAt: string;
}

/** Makes one-time codes and queues the mails that contain them, in the transaction of the caller. */
@Injectable()
export class CodeMails {
  constructor(
    private readonly codes: Codes,
    private readonly mails: Mails,
    private readonly config: Config,
  ) {}

  /** Lets the user prove their address. @returns whether a mail is sent: not if they have no address */
  async verifyEmail(manager: EntityManager, user: Recipient, options: VerificationOptions = {}): Promise<boolean> {
    const { email, id: userId, language } = user;
    if (email === null) return false;
    return await this.#queue(manager, { purpose: 'verify_email', userId, email, ...options }, (sent) => ({
      name: 'verify_email',
      to: email,
      language,
      contents: { name: displayName(user), ...sent },
    }));
  }

  /** Lets the owner of an address confirm a private registration. */
  async confirmRegistration(manager: EntityManager, user: PendingUser): Promise<void> {
    const { email, language } = user;
    await this.#queue(manager, { purpose: 'register', email, data: user }, (sent) => ({
      name: 'verify_email',
      to: email,
      language,
      contents: { name: displayName(user), ...sent },
    }));
  }

  /** Lets the user set a new password, or sign in. Does nothing if they have no address. */
  async send(manager: EntityManager, user: Recipient, purpose: 'reset_password' | 'sign_in'): Promise<void> {
    const { email, id: userId, language } = user;
    if (email === null) return;
    await this.#queue(manager, { purpose, userId, email }, (sent) => ({
      name: purpose,
      to: email,
      language,
      contents: { name: displayName(user), ...sent },
    }));
  }

  /** Lets the user confirm a new address. */
  async confirmChange(manager: EntityManager, user: Recipient, newEmail: string): Promise<void> {
    await this.#queue(manager, { purpose: 'change_email', userId: user.id, email: newEmail }, (sent) => ({
      name: 'confirm_email_change',
      to: newEmail,
      language: user.language,
      contents: { name: displayName(user), newEmail, ...sent },
    }));
  }

  /** Reports a change of the address to the previous one, which may undo it. @param data kept with the code that undoes it */
  async reportChange(
    manager: EntityManager,
    { user, newEmail, at, data }: { user: Recipient & { email: string }; newEmail: string; at: Date; data: object },
  ): Promise<void> {
    const { id: userId, email, language } = user;
    await this.#queue(manager, { purpose: 'undo_email_change', userId, email, data }, ({ link, expiresAt }) => ({
      name: 'email_changed',
      to: email,
      language,
      contents: { name: displayName(user), link, at: at.toISOString(), newEmail, undoUntil: expiresAt },
    }));
  }

  /** Issues a code and queues its mail. @returns false if the previous code is too young */
  async #queue(manager: EntityManager, code: NewCode, mailOf: (sent: SentCode) => Mail): Promise<boolean> {
    const issued = await this.codes.issue(manager, code);
    if (issued === undefined) return false;
    const link = linkOf(this.config.publicUrl, code.purpose, issued.token);
    await this.mails.queue(manager, mailOf({ link, code: issued.code, expiresAt: issued.expiresAt.toISOString() }));
    return true;
  }
}
