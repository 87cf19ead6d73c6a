import { createPrivateKey, createSecretKey, type KeyObject } from 'node:crypto';
import type { EntityManager } from 'typeorm';
import type { AuditEvent } from '../../audit/audit-event.entity.js';
import type { Actor, AuditEventType } from '../../audit/audit-events.js';
import { AuditLog } from '../../audit/audit-log.js';
import type { Clock } from '../../clock/clock.js';
import type { Config } from '../../config/config.js';
import type { Sealing } from '../../crypto/sealing.js';
import { notify } from '../../database/feed/feed-connection.js';
import { generateKey, type Key } from '../jwa.js';
import { thumbprint } from './jwk.js';
import { checked, InvalidKey } from './key-file.js';
import { SigningKeyRow } from './signing-key.entity.js';
import { KeyExists, NextKeyTooNew, UnknownKey } from './signing-key.errors.js';

/** The advisory lock for changes of key states: "keys" in ASCII. */
const ADVISORY_LOCK = '1801812339';
/** Added to the time of retirement, because an instance may still sign with the previous key, and clocks differ. */
const SLACK_MS = 60_000;
/** With several instances, a key is published for this long before it signs, so that all of them know it. */
const SETTLING_MS = 5000;

export type KeySettings = Pick<Config, 'jwtAlg' | 'jwtAllowRsa2048' | 'keyRotation' | 'accessTokenTtl' | 'databaseUrl'>;

/** A key with its state in the database. */
export type StoredKey = Key & Pick<SigningKeyRow, 'status' | 'createdAt' | 'activatedAt' | 'publishedUntil'>;

/** Where changes of the keys are recorded, and who makes them. */
export interface Recorder {
  audit: AuditLog;
  actor: Actor;
}

/** Writes the event of a change in the same transaction. */
type RecordEvent = (type: AuditEventType, kid: string) => Promise<void>;

/** The signing keys in the database and their states. Changes are serialized across all instances. */
export class SigningKeyStore {
  constructor(
    private readonly manager: EntityManager,
    private readonly sealing: Sealing,
    private readonly clock: Clock,
    private readonly settings: KeySettings,
    private readonly recorder: Recorder = { audit: new AuditLog(clock, manager), actor: 'operator' },
  ) {}

  /** All keys, also retired ones; sealed, the oldest first. */
  list(): Promise<SigningKeyRow[]> {
    return this.manager.find(SigningKeyRow, { order: { createdAt: 'ASC', kid: 'ASC' } });
  }

  /** @throws UnsealFailed, InvalidKey */
  open({ kid, alg, sealedKey, ...row }: SigningKeyRow): StoredKey & { stale: boolean } {
    const { plain, stale } = this.sealing.unseal(sealedKey as Buffer, kid);
    const key =
      alg === 'HS256' ? createSecretKey(plain) : createPrivateKey({ key: plain, format: 'der', type: 'pkcs8' });
    const rules = { allowRsa2048: this.settings.jwtAllowRsa2048 };
    return { ...row, ...checked(key, alg, rules, kid), stale };
  }

  /** Creates the active and the next key with the algorithm `JWT_ALG`, if they are missing. */
  async prepare(): Promise<void> {
    const { jwtAlg } = this.settings;
    const there = await current(this.manager);
    const isReady = [there.active, there.next].every((key) => key && key.longestTtl >= this.#ttlSeconds);
    if (isReady && there.next?.alg === jwtAlg) return;
    const [first, second] = await Promise.all([generateKey(jwtAlg), generateKey(jwtAlg)]);
    await this.#exclusively(async (manager) => {
      // Another instance may have created them meanwhile.
      const { active, next } = await current(manager);
      if (next !== undefined && next.alg !== jwtAlg) await manager.delete(SigningKeyRow, { kid: next.kid });
      if (active === undefined) await this.#insert(manager, first, 'active');
      if (next?.alg !== jwtAlg) await this.#insert(manager, second, 'next');
      await manager.query(
        `UPDATE signing_keys SET longest_ttl = $1 WHERE status IN ('next', 'active') AND longest_ttl < $1`,
        [this.#ttlSeconds],
      );
    });
  }

  /**
   * Makes the next key the active one. The previous one retires when its last token has expired. `due` is called under the
   * lock, so only one of several instances rotates.
   *
   * @returns the key ID of the new active key, or undefined if it was not due
   * @throws NextKeyTooNew if an instance may not know the next key yet
   */
  async rotate(due: (active: SigningKeyRow) => boolean = () => true): Promise<string | undefined> {
    const successor = await generateKey(this.settings.jwtAlg);
    return await this.#exclusively(async (manager, record) => {
      const { active, next } = await current(manager);
      if (active === undefined || next === undefined || !due(active)) return undefined;
      this.#requireSettled(next);
      await this.#retire(manager, active);
      await this.#activate(manager, next);
      await this.#insert(manager, successor, 'next');
      await record('key.rotated', next.kid);
      return next.kid;
    });
  }

  /**
   * Imports a key as the next one. It replaces the prepared one.
   *
   * @returns its key ID, the thumbprint
   * @throws InvalidKey if it is not for `JWT_ALG` or has no private half; KeyExists
   */
  async import({ privateKey, publicKey, alg }: Key): Promise<string> {
    const { jwtAlg } = this.settings;
    if (alg !== jwtAlg) throw new InvalidKey(`is for ${alg}, and JWT_ALG is ${jwtAlg}`);
    if (privateKey === undefined) throw new InvalidKey('is a public key, and can not sign');
    const kid = thumbprint(publicKey);
    await this.#exclusively(async (manager, record) => {
      const there = await manager.findOneBy(SigningKeyRow, { kid });
      if (there) throw new KeyExists(kid, there.status);
      await manager.delete(SigningKeyRow, { status: 'next' });
      await this.#insert(manager, privateKey, 'next');
      await record('key.imported', kid);
    });
    return kid;
  }

  /** Revokes a key: tokens that it signed are rejected at once. If it was the active one, the next key replaces it. */
  async revoke(kid: string): Promise<void> {
    const successor = await generateKey(this.settings.jwtAlg);
    await this.#exclusively(async (manager, record) => {
      const { active, next } = await current(manager);
      const revoked = { status: 'retired', sealedKey: null, revokedAt: this.clock.date() } as const;
      const { affected } = await manager.update(SigningKeyRow, { kid }, revoked);
      if (affected === 0) throw new UnknownKey(kid);
      if (active?.kid === kid && next !== undefined) await this.#activate(manager, next);
      if (active?.kid === kid || next?.kid === kid) await this.#insert(manager, successor, 'next');
      await record('key.revoked', kid);
    });
  }

  /** Retires the keys whose last token has expired, and deletes their private halves. */
  async retireExpired(): Promise<void> {
    await this.#exclusively((manager) =>
      manager.query(
        `UPDATE signing_keys SET status = 'retired', sealed_key = NULL WHERE status = 'retiring' AND published_until <= $1`,
        [this.clock.date()],
      ),
    );
  }

  /** Seals keys again that were sealed with a previous secret. @returns their number */
  async reseal(): Promise<number> {
    let count = 0;
    for (const { kid, sealedKey } of await this.list()) {
      const { plain, stale } = sealedKey ? this.sealing.unseal(sealedKey, kid) : { plain: undefined, stale: false };
      if (!stale || plain === undefined) continue;
      const resealed = { sealedKey: this.sealing.seal(plain, kid) };
      const { audit } = this.recorder;
      const event = audit.event('secret.resealed', { actor: 'system', details: { kid } });
      const isDone = await this.manager.transaction(async (manager) => {
        const { affected } = await manager.update(SigningKeyRow, { kid, sealedKey: sealedKey as Buffer }, resealed);
        if (affected === 1) await audit.insert(manager, event);
        return affected === 1;
      });
      if (!isDone) continue;
      audit.log(event);
      count += 1;
    }
    return count;
  }

  /** Instances read the keys every second, so all of them know the key after this time. */
  get settlingMs(): number {
    return this.settings.databaseUrl === undefined ? 0 : SETTLING_MS;
  }

  #requireSettled({ createdAt }: SigningKeyRow): void {
    const waitMs = createdAt.getTime() + this.settlingMs - this.clock.now();
    // More would mean that a clock is wrong.
    if (waitMs > 0) throw new NextKeyTooNew(Math.min(waitMs, this.settlingMs));
  }

  async #retire(manager: EntityManager, { kid, longestTtl }: SigningKeyRow): Promise<void> {
    const publishedUntil = new Date(this.clock.now() + longestTtl * 1000 + SLACK_MS);
    await manager.update(SigningKeyRow, { kid }, { status: 'retiring', publishedUntil });
  }

  async #activate(manager: EntityManager, { kid }: SigningKeyRow): Promise<void> {
    await manager.update(SigningKeyRow, { kid }, { status: 'active', activatedAt: this.clock.date() });
  }

  async #insert(manager: EntityManager, key: KeyObject, status: 'next' | 'active'): Promise<void> {
    const { kid } = checked(key, this.settings.jwtAlg, { allowRsa2048: this.settings.jwtAllowRsa2048 });
    const plain = key.type === 'secret' ? key.export() : key.export({ format: 'der', type: 'pkcs8' });
    const now = this.clock.date();
    await manager.insert(SigningKeyRow, {
      kid,
      alg: this.settings.jwtAlg,
      sealedKey: this.sealing.seal(plain, kid),
      status,
      createdAt: now,
      activatedAt: status === 'active' ? now : null,
      longestTtl: this.#ttlSeconds,
    });
  }

  get #ttlSeconds(): number {
    return Math.ceil(this.settings.accessTokenTtl / 1000);
  }

  /** Runs a transaction under the lock, and then notifies all instances. */
  async #exclusively<T>(work: (manager: EntityManager, record: RecordEvent) => Promise<T>): Promise<T> {
    const events: AuditEvent[] = [];
    const { audit, actor } = this.recorder;
    const done = await this.manager.transaction(async (manager) => {
      await manager.query('SELECT pg_advisory_xact_lock($1)', [ADVISORY_LOCK]);
      const result = await work(manager, async (type, kid) => {
        const event = audit.event(type, { actor, details: { kid } });
        await audit.insert(manager, event);
        events.push(event);
      });
      await notify((sql, parameters) => manager.query(sql, parameters));
      return result;
    });
    for (const event of events) audit.log(event);
    return done;
  }
}

async function current(manager: EntityManager): Promise<{ active?: SigningKeyRow; next?: SigningKeyRow }> {
  const [active, next] = await Promise.all([
    manager.findOneBy(SigningKeyRow, { status: 'active' }),
    manager.findOneBy(SigningKeyRow, { status: 'next' }),
  ]);
  return { ...(active ? { active } : {}), ...(next ? { next } : {}) };
}
