import { createHmac, randomInt } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource, EntityManager } from 'typeorm';
import type { AuditEvent } from '../audit/audit-event.entity.js';
import { AuditLog } from '../audit/audit-log.js';
import { UserNotices } from '../notices/user-notices.js';
import { Peppers } from '../passwords/peppers.js';
import type { FactorUse } from './second-factor-tries.js';

const COUNT = 10;
/** Without characters that look alike: 0 and O, 1 and I, and so on. */
const ALPHABET = '23456789ABCDEFGHJKLMNPQRSTUVWXYZ';
/** 120 bits: from 112 on, no slow hash is needed (ASVS 6.5.2). */
const LENGTH = 24;

/**
 * Codes that replace a lost second factor: ten of 120 bits, each of which works once. The table holds keyed hashes
 * (HMAC-SHA-256). Their key is the pepper of passwords, which stays the same when `PORTERO_SECRET` changes.
 */
@Injectable()
export class RecoveryCodes {
  constructor(
    @InjectDataSource() private readonly database: DataSource,
    private readonly peppers: Peppers,
    private readonly audit: AuditLog,
    private readonly notices: UserNotices,
  ) {}

  /** Makes ten codes, which replace the former ones. They can't be shown again. */
  async replace(manager: EntityManager, userId: string): Promise<string[]> {
    const codes = Array.from({ length: COUNT }, newRecoveryCode);
    const hashes = codes.map((code) => this.#hashes(userId, canonical(code) as string)[0]);
    await manager.query('DELETE FROM recovery_codes WHERE user_id = $1', [userId]);
    await manager.query('INSERT INTO recovery_codes (user_id, code_hash) SELECT $1, unnest($2::bytea[])', [
      userId,
      hashes,
    ]);
    return codes;
  }

  /** Uses a code up: only one of several requests gets it. The user gets a notice by mail. */
  async use(use: FactorUse, typed: string): Promise<boolean> {
    const code = canonical(typed);
    if (code === undefined) return false;
    const event = await this.database.transaction((manager) => this.#use(manager, use, code));
    if (event === undefined) return false;
    this.audit.log(event);
    this.notices.wake();
    return true;
  }

  async #use(manager: EntityManager, use: FactorUse, code: string): Promise<AuditEvent | undefined> {
    const { userId } = use;
    // The lock of the user keeps the number of codes that are left right.
    await manager.query('SELECT 1 FROM users WHERE id = $1 FOR UPDATE', [userId]);
    const [, used]: [unknown, number] = await manager.query(
      'DELETE FROM recovery_codes WHERE user_id = $1 AND code_hash = ANY ($2)',
      [userId, this.#hashes(userId, code)],
    );
    if (used === 0) return undefined;
    const [{ left }]: [{ left: number }] = await manager.query(
      'SELECT count(*)::int AS left FROM recovery_codes WHERE user_id = $1',
      [userId],
    );
    const event = this.audit.event('recovery_code.used', { ...use, details: { left } });
    await this.audit.insert(manager, event);
    await this.notices.addIfVerified(manager, { userId, name: 'recovery_code_used', facts: { codesLeft: left } });
    return event;
  }

  /** One hash per pepper, the current one first. */
  #hashes(userId: string, code: string): Buffer[] {
    const text = JSON.stringify(['recovery code', userId, code]);
    return this.peppers.all.map(({ key }) => createHmac('sha256', key).update(text).digest());
  }
}

/** As `ABCDEF-GHJKLM-NPQRST-UVWXYZ`. */
function newRecoveryCode(): string {
  const characters = Array.from({ length: LENGTH }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');
  return (characters.match(/.{6}/g) ?? []).join('-');
}

/** The code in one spelling: letter case, hyphens and white space do not matter. Returns undefined if it is no code. */
function canonical(typed: string): string | undefined {
  if (typed.length > 2 * LENGTH) return undefined;
  const code = typed.replace(/[\s-]/g, '').toUpperCase();
  return code.length === LENGTH && [...code].every((character) => ALPHABET.includes(character)) ? code : undefined;
}
