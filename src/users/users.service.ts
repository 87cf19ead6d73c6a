import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { type EntityManager, QueryFailedError, type Repository } from 'typeorm';
import type { AuditEvent } from '../audit/audit-event.entity.js';
import { eventParameter, insertEvent } from '../audit/event-row.js';
import { Clock } from '../clock/clock.js';
import { uuidv7 } from '../crypto/uuidv7.js';
import type { Language } from '../problems/language.js';
import { canonicalText, identifierKey, loginNames, MAX_IDENTIFIER_LENGTH, type TypedNames } from './identifier.js';
import { hasStamp, setNewStamp } from './proof-stamp.js';
import { User } from './user.entity.js';
import { EmailTaken, UsernameTaken } from './users.errors.js';

export interface NewUser extends TypedNames {
  /** Null if the user can't log in with a password. */
  passwordHash: string | null;
  /** Default: false. */
  emailVerified?: boolean | undefined;
  /** Of mails. Default: English. */
  language?: Language | undefined;
}

const CREATE = `
  WITH created AS (
    INSERT INTO users (id, username, username_key, email, email_key, email_verified, password_hash,
                       created_at, updated_at, credentials_changed_at, language)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, $8, $10) RETURNING id
  ), event AS (${insertEvent('$9', { from: 'created', set: `jsonb_build_object('user_id', created.id)` })})
  SELECT FROM created`;
const SET_PASSWORD_HASH = `
  UPDATE users SET password_hash = $2, ${setNewStamp('$3')} WHERE id = $1
  RETURNING updated_at AS "updatedAt", credentials_changed_at AS "credentialsChangedAt"`;
const SET_EMAIL = `
  UPDATE users SET email = $2, email_key = $3, email_verified = $4, ${setNewStamp('$5')} WHERE id = $1`;
const VERIFY_EMAIL = `
  UPDATE users SET email_verified = true, updated_at = GREATEST(updated_at, $3)
   WHERE id = $1 AND email_key = $2 AND disabled_at IS NULL`;
const REMOVE_OTHER_PASSWORD = `
  UPDATE users SET password_hash = NULL, ${setNewStamp('$3')} WHERE id = $1 AND password_hash IS DISTINCT FROM $2`;
const RELEASE_EMAIL = `
  WITH released AS (
    UPDATE users SET email = NULL, email_key = NULL, ${setNewStamp('$2')}
     WHERE id = $1 AND NOT email_verified AND username IS NOT NULL
  ) DELETE FROM users WHERE id = $1 AND NOT email_verified AND username IS NULL`;
const IS_UNCHANGED = `SELECT 1 FROM users u WHERE u.id = $1 AND ${hasStamp('$2')}`;

@Injectable()
export class UsersService {
  constructor(
    @InjectRepository(User) private readonly users: Repository<User>,
    private readonly clock: Clock,
  ) {}

  /**
   * Adds a user and records the event in one statement. The unique indexes allow only one of several concurrent registrations
   * of a name.
   *
   * @param event gets the ID of the user
   * @throws UsernameTaken, EmailTaken
   */
  async create(newUser: NewUser, event: AuditEvent, manager: EntityManager = this.users.manager): Promise<User> {
    const { username, email, passwordHash, emailVerified = false, language = 'en' } = newUser;
    const now = this.clock.date();
    const user = this.users.create({
      id: uuidv7(now.getTime()),
      ...(username === undefined
        ? { username: null, usernameKey: null }
        : { username: canonicalText(username), usernameKey: identifierKey(username) }),
      ...(email === undefined
        ? { email: null, emailKey: null }
        : { email: canonicalText(email), emailKey: identifierKey(email) }),
      emailVerified,
      language,
      passwordHash,
      hasSecondFactor: false,
      disabledAt: null,
      createdAt: now,
      updatedAt: now,
      credentialsChangedAt: now,
    });
    try {
      await manager.query(CREATE, [
        user.id,
        user.username,
        user.usernameKey,
        user.email,
        user.emailKey,
        emailVerified,
        passwordHash,
        now,
        eventParameter(event),
        language,
      ]);
    } catch (error) {
      throw takenName(error) ?? error;
    }
    event.userId = user.id;
    return user;
  }

  async transaction<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    return await this.users.manager.transaction(work);
  }

  /**
   * Finds the user who has all the given names, with the password hash. A username with `@` is tried as an email too. If it is
   * the username of one user and the email of another, the username takes precedence.
   */
  async findForLogin(typed: TypedNames): Promise<User | null> {
    if (typed.username === undefined && typed.email === undefined) return null;
    if (Math.max(typed.username?.length ?? 0, typed.email?.length ?? 0) > MAX_IDENTIFIER_LENGTH) return null;
    const names = loginNames(typed);
    const found = await this.users
      .createQueryBuilder('user')
      .addSelect('user.passwordHash')
      .where(
        'address' in names
          ? [{ usernameKey: names.address }, { emailKey: names.address }]
          : {
              ...(names.username === undefined ? {} : { usernameKey: names.username }),
              ...(names.email === undefined ? {} : { emailKey: names.email }),
            },
      )
      .getMany();
    return found.find(({ usernameKey }) => 'address' in names && usernameKey === names.address) ?? found[0] ?? null;
  }

  /** Finds a user with the password hash, for reauthentication. */
  async findForProof(id: string): Promise<User | null> {
    return await this.users.createQueryBuilder('user').addSelect('user.passwordHash').where({ id }).getOne();
  }

  /** Replaces a hash by a stronger one of the same password, unless another request has replaced it meanwhile. */
  async upgradePasswordHash(id: string, replaced: string, passwordHash: string): Promise<void> {
    await this.users.update({ id, passwordHash: replaced }, { passwordHash });
  }

  /** Stores the hash of a new password. @returns the changed user */
  async setPasswordHash(user: User, passwordHash: string, manager: EntityManager): Promise<User> {
    const [[changed]]: [[Pick<User, 'updatedAt' | 'credentialsChangedAt'>]] = await manager.query(SET_PASSWORD_HASH, [
      user.id,
      passwordHash,
      this.clock.date(),
    ]);
    return { ...user, ...changed };
  }

  /** Replaces the email address. @throws EmailTaken */
  async setEmail(
    manager: EntityManager,
    id: string,
    { email, verified }: { email: string; verified: boolean },
  ): Promise<void> {
    try {
      await manager.query(SET_EMAIL, [id, canonicalText(email), identifierKey(email), verified, this.clock.date()]);
    } catch (error) {
      throw takenName(error) ?? error;
    }
  }

  /** Marks the address as verified. @returns whether it is still the address of the user, who is not disabled */
  async verifyEmail(manager: EntityManager, id: string, emailKey: string): Promise<boolean> {
    const [, changed]: [unknown, number] = await manager.query(VERIFY_EMAIL, [id, emailKey, this.clock.date()]);
    return changed === 1;
  }

  /** Removes the address of a user who has not verified it. A user without a username is deleted. */
  async releaseEmail(manager: EntityManager, id: string): Promise<void> {
    await manager.query(RELEASE_EMAIL, [id, this.clock.date()]);
  }

  /** Removes the password, unless its hash is the given one. */
  async removeOtherPassword(manager: EntityManager, id: string, passwordHash: string | null): Promise<void> {
    await manager.query(REMOVE_OTHER_PASSWORD, [id, passwordHash, this.clock.date()]);
  }

  async setLanguage(id: string, language: Language): Promise<User | null> {
    await this.users.update({ id }, { language });
    return await this.find(id);
  }

  /** Locks the row of a user until the end of the transaction. Locked before the user's codes, so that no two wait for each other. */
  async lock(manager: EntityManager, id: string): Promise<void> {
    await manager.query('SELECT 1 FROM users WHERE id = $1 FOR UPDATE', [id]);
  }

  /** Whether a proof of this user is still valid in the transaction; see proof-stamp.ts. */
  async isUnchanged({ id, credentialsChangedAt }: User, manager: EntityManager): Promise<boolean> {
    const rows: unknown[] = await manager.query(IS_UNCHANGED, [id, credentialsChangedAt]);
    return rows.length === 1;
  }

  async delete(id: string, manager: EntityManager): Promise<void> {
    await manager.delete(User, { id });
  }

  async find(id: string, manager: EntityManager = this.users.manager): Promise<User | null> {
    return await manager.findOneBy(User, { id });
  }

  async findByEmail(email: string): Promise<User | null> {
    return await this.users.findOneBy({ emailKey: identifierKey(email) });
  }
}

function takenName(error: unknown): UsernameTaken | EmailTaken | undefined {
  if (!(error instanceof QueryFailedError)) return undefined;
  const { constraint } = error.driverError as { constraint?: string };
  if (constraint === 'users_username_key') return new UsernameTaken({ cause: error });
  if (constraint === 'users_email_key') return new EmailTaken({ cause: error });
  return undefined;
}
