import { Injectable, type OnModuleInit } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource, EntityManager } from 'typeorm';
import { Clock } from '../clock/clock.js';
import { Sealing } from '../crypto/sealing.js';
import { uuidv7 } from '../crypto/uuidv7.js';
import { Cleanup } from '../database/cleanup.js';
import { databaseTime, interval } from '../database/database-time.js';
import { identifierKey, MAX_IDENTIFIER_LENGTH } from '../users/identifier.js';
import {
  type CodeEvidence,
  type CodeOfAddress,
  type CodeOfUser,
  canonicalCode,
  isToken,
  newCode,
  newToken,
} from './code.js';
import { CodeHashes } from './code-hashes.js';
import { CodeExpired, CodeInvalid } from './codes.errors.js';
import { PURPOSES, type Purpose } from './purposes.js';

/** A code to send. */
export interface NewCode {
  purpose: Purpose;
  /** Undefined for a registration. */
  userId?: string | undefined;
  /** The address that the code is sent to, or empty. */
  email: string;
  /** Kept with the code, encrypted. */
  data?: object;
  /** Makes no code if the previous one is younger, in milliseconds. */
  notWithinMs?: number;
}

export interface IssuedCode {
  token: string;
  /** As `ABCD-EFGH`. */
  code: string;
  expiresAt: Date;
}

/** A code that was presented in time. Use it with {@link Codes.consume}. */
export interface PresentedCode {
  id: string;
  purpose: Purpose;
  /** Null for a registration. */
  userId: string | null;
  /** The address that the code proves. */
  email: string;
  emailKey: string;
  createdAt: Date;
  data: unknown;
}

interface Row extends Omit<PresentedCode, 'data' | 'purpose'> {
  data: Buffer | null;
  matches: boolean;
  isExpired: boolean;
}

/** Wrong codes after which the right one is refused too. The link still works: nobody can guess its token. */
const MAX_TRIES = 5;
/** Links that nobody types a code for. */
const LINK_ONLY: ReadonlySet<Purpose> = new Set(['undo_email_change', 'recovery_link']);
/** How long an expired code is kept, so that it is reported as expired, in hours. */
const KEPT_HOURS = 24;

const NOW = databaseTime('$9');
const ISSUE = `
  INSERT INTO codes AS c (id, purpose, subject, user_id, email, email_key, token_hash, code_hash, created_at, expires_at, data)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, ${NOW}, ${NOW} + ${interval('$10')}, $11)
  ON CONFLICT (subject, purpose) WHERE purpose NOT IN ('undo_email_change', 'register') DO UPDATE SET
    id = excluded.id, user_id = excluded.user_id, email = excluded.email, email_key = excluded.email_key,
    token_hash = excluded.token_hash, code_hash = excluded.code_hash, tries = 0, created_at = excluded.created_at,
    expires_at = excluded.expires_at, data = excluded.data
  WHERE $12::float8 = 0 OR c.created_at <= excluded.created_at - ${interval('$12')}
  RETURNING expires_at AS "expiresAt"`;

const FOUND = (
  matches: string,
) => `id, user_id AS "userId", email, email_key AS "emailKey", created_at AS "createdAt", data,
  ${matches} AS matches, expires_at <= ${databaseTime('$3')} AS "isExpired"`;
const FIND_TOKEN = `SELECT ${FOUND('true')} FROM codes WHERE token_hash = ANY ($1) AND purpose = $2`;
/** Counts a wrong try in the same statement, so concurrent guesses can't exceed the limit. */
const tryCode = (owner: 'email_key' | 'subject') => `
  UPDATE codes SET tries = tries + CASE WHEN code_hash = ANY ($1) THEN 0 ELSE 1 END
   WHERE purpose = $2 AND ${owner} = $4 AND code_hash IS NOT NULL AND tries < ${MAX_TRIES}
  RETURNING ${FOUND('code_hash = ANY ($1)')}`;
const TRY_CODE_OF_ADDRESS = tryCode('email_key');
const TRY_CODE_OF_USER = tryCode('subject');

/** One-time codes that are sent by mail, each as a link and as a code to type. */
@Injectable()
export class Codes implements OnModuleInit {
  constructor(
    @InjectDataSource() private readonly database: DataSource,
    private readonly hashes: CodeHashes,
    private readonly sealing: Sealing,
    private readonly clock: Clock,
    private readonly cleanup: Cleanup,
  ) {}

  onModuleInit(): void {
    this.cleanup.of({
      table: 'codes',
      key: 'id',
      which: `AND expires_at <= ${databaseTime('$1')} - interval '${KEPT_HOURS} hours'`,
      parameters: () => [this.clock.databaseTime()],
    });
  }

  /**
   * Makes a code, which replaces the previous one of the same user and purpose. Registrations of one address stay side by side: one
   * must not replace the password of another.
   *
   * @returns undefined if the previous code is younger than `notWithinMs`
   */
  async issue(
    manager: EntityManager,
    { purpose, userId, email, data, notWithinMs = 0 }: NewCode,
  ): Promise<IssuedCode | undefined> {
    // Before the row of the code, as in all other transactions, so that no two wait for each other.
    if (userId !== undefined) await manager.query('SELECT 1 FROM users WHERE id = $1 FOR KEY SHARE', [userId]);
    const id = uuidv7(this.clock.now());
    const emailKey = identifierKey(email);
    const token = newToken();
    const code = newCode();
    const [tokenHash] = this.hashes.ofToken(purpose, token);
    const owner = purpose === 'change_email' ? (userId as string) : emailKey;
    const [codeHash] = this.hashes.ofCode(purpose, owner, canonicalCode(code) as string);
    const [issued]: { expiresAt: Date }[] = await manager.query(ISSUE, [
      id,
      purpose,
      userId ?? emailKey,
      userId ?? null,
      email,
      emailKey,
      tokenHash,
      LINK_ONLY.has(purpose) ? null : codeHash,
      this.clock.databaseTime(),
      PURPOSES[purpose].ttlMs,
      data === undefined ? null : this.sealing.seal(Buffer.from(JSON.stringify(data)), contextOf(id)),
      notWithinMs,
    ]);
    return issued && { token, code, expiresAt: issued.expiresAt };
  }

  /**
   * Checks a token or a code without using it up. A wrong code counts as a try.
   *
   * @throws CodeInvalid, CodeExpired
   */
  async check(purpose: Purpose, evidence: CodeEvidence | CodeOfUser): Promise<PresentedCode> {
    const row = 'token' in evidence ? await this.#find(purpose, evidence.token) : await this.#try(purpose, evidence);
    if (!row?.matches) throw new CodeInvalid();
    if (row.isExpired) throw new CodeExpired();
    const { id, email, emailKey, createdAt, data } = row;
    return { id, purpose, userId: row.userId, email, emailKey, createdAt, data: data && this.#open(id, data) };
  }

  /** Uses a code up, in the transaction of the change that it allows. @throws CodeInvalid if it was used or replaced meanwhile */
  async consume({ id }: PresentedCode, manager: EntityManager = this.database.manager): Promise<void> {
    const [, deleted]: [unknown, number] = await manager.query('DELETE FROM codes WHERE id = $1', [id]);
    if (deleted === 0) throw new CodeInvalid();
  }

  /** Deletes the codes of a user, except those that undo a change of the address. */
  async revokeAll(manager: EntityManager, userId: string): Promise<void> {
    await revokeCodes(manager, userId);
  }

  /** The same after a change of the password, which leaves the mail that verifies the address usable. */
  async revokeAfterPasswordChange(manager: EntityManager, userId: string): Promise<void> {
    await manager.query(
      `DELETE FROM codes WHERE user_id = $1 AND purpose NOT IN ('undo_email_change', 'verify_email')`,
      [userId],
    );
  }

  /** Deletes the registrations of an address. */
  async revokeRegistrations(manager: EntityManager, emailKey: string): Promise<void> {
    await manager.query(`DELETE FROM codes WHERE subject = $1 AND purpose = 'register'`, [emailKey]);
  }

  /** Deletes the codes of a user that are not older than a given one, of every purpose. */
  async revokeSince(manager: EntityManager, { userId, createdAt }: PresentedCode): Promise<void> {
    await manager.query('DELETE FROM codes WHERE user_id = $1 AND created_at >= $2', [userId, createdAt]);
  }

  async #find(purpose: Purpose, token: string): Promise<Row | undefined> {
    if (!isToken(token)) return undefined;
    const [row]: Row[] = await this.database.query(FIND_TOKEN, [
      this.hashes.ofToken(purpose, token),
      purpose,
      this.clock.databaseTime(),
    ]);
    return row;
  }

  async #try(purpose: Purpose, evidence: CodeOfAddress | CodeOfUser): Promise<Row | undefined> {
    const canonical = canonicalCode(evidence.code);
    if (canonical === undefined) return undefined;
    if ('email' in evidence && evidence.email.length > MAX_IDENTIFIER_LENGTH) return undefined;
    const owner = 'email' in evidence ? identifierKey(evidence.email) : evidence.userId;
    const [rows]: [Row[]] = await this.database.query('email' in evidence ? TRY_CODE_OF_ADDRESS : TRY_CODE_OF_USER, [
      this.hashes.ofCode(purpose, owner, canonical),
      purpose,
      this.clock.databaseTime(),
      owner,
    ]);
    // Only registrations have several rows.
    return rows.find(({ matches }) => matches);
  }

  #open(id: string, sealed: Buffer): unknown {
    return JSON.parse(this.sealing.unseal(sealed, contextOf(id)).plain.toString());
  }
}

function contextOf(id: string): string {
  return `code ${id}`;
}

/** Deletes the codes of a user, except those that undo a change of the address. */
export async function revokeCodes(manager: EntityManager, userId: string): Promise<void> {
  await manager.query(`DELETE FROM codes WHERE user_id = $1 AND purpose <> 'undo_email_change'`, [userId]);
}
