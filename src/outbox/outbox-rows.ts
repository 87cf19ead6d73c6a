import type { EntityManager } from 'typeorm';
import type { Clock } from '../clock/clock.js';
import type { Sealing } from '../crypto/sealing.js';
import { uuidv7 } from '../crypto/uuidv7.js';
import { databaseTime, interval } from '../database/database-time.js';
import { GIVE_UP_AFTER_MS } from './backoff.js';
import type { Entry, EntryState } from './entry.js';

/**
 * Builds the INSERT of an entry, for use in the statement that causes it.
 *
 * @param parameter the placeholder of {@link OutboxRows.parameter}, such as `$3`
 * @param from a query with one row, such as a CTE with its condition. Without a row, nothing is inserted
 */
export function insertEntry(parameter: string, from?: string): string {
  return `INSERT INTO outbox (id, topic, payload, due_at, created_at, deadline)
  SELECT e.id, e.topic, e.payload, e.created_at, e.created_at, e.deadline FROM ${from === undefined ? '' : `(${from}) AS cause, `}
    LATERAL (SELECT p->>'topic' AS topic, decode(p->>'payload', 'base64') AS payload, (p->>'id')::uuid AS id,
      now AS created_at, now + ${interval(`p->>'lifeMs'`)} AS deadline
      FROM (SELECT p, COALESCE((p->>'now')::timestamptz, now()) AS now FROM (SELECT ${parameter}::jsonb AS p) AS given) AS timed) AS e`;
}

const INSERT = insertEntry('$1');

/**
 * Claims due entries: no other instance delivers them before the lease ends. The subquery is planned for itself and reads the
 * index of due entries; for `= ANY (ARRAY(…))` the planner assumes ten rows. So no plan depends on the table's statistics.
 */
export const CLAIM = `
  UPDATE outbox SET attempts = attempts + 1,
    due_at = ${databaseTime('$3')} + ${interval('$4')}, claimed_until = ${databaseTime('$3')} + ${interval('$4')}
  WHERE id = ANY (ARRAY(
    SELECT id FROM outbox WHERE topic = $1 AND state = 'waiting' AND due_at <= ${databaseTime('$3')}
    ORDER BY due_at LIMIT $2 FOR UPDATE SKIP LOCKED))
  RETURNING id, payload, attempts, created_at, deadline <= ${databaseTime('$3')} AS expired`;

/** Only the attempt that has the claim may write the result: the number of attempts tells whether another one has begun. */
const MINE = `id = $1 AND attempts = $2 AND state = 'waiting'`;

const SETTLE = `
  UPDATE outbox SET state = $4, payload = COALESCE($5, payload), last_error = $6, claimed_until = NULL,
    settled_at = ${databaseTime('$3')}
  WHERE ${MINE}`;

/** The last attempt is the one after which the next would come too late. */
const POSTPONE = `
  UPDATE outbox SET due_at = ${databaseTime('$3')} + ${interval('$4')}, claimed_until = NULL, last_error = $5,
    state = CASE WHEN deadline <= ${databaseTime('$3')} + ${interval('$4')} THEN 'dead' ELSE 'waiting' END,
    settled_at = CASE WHEN deadline <= ${databaseTime('$3')} + ${interval('$4')} THEN ${databaseTime('$3')} END
  WHERE ${MINE}
  RETURNING state`;

const GIVE_BACK = `
  UPDATE outbox SET due_at = ${databaseTime('$3')}, claimed_until = NULL, attempts = attempts - 1 WHERE ${MINE}`;

const REMOVE = `DELETE FROM outbox WHERE ${MINE}`;

const DELIVER_HELD = `
  UPDATE outbox SET state = 'waiting', due_at = ${databaseTime('$2')}, settled_at = NULL
  WHERE topic = $1 AND state = 'held'`;

const RETRY = `
  UPDATE outbox SET state = 'waiting', due_at = ${databaseTime('$3')}, claimed_until = NULL, settled_at = NULL,
    deadline = GREATEST(deadline, ${databaseTime('$3')} + ${interval('$4')})
  WHERE topic = $1 AND id = $2 AND state <> 'sent'
    AND (claimed_until IS NULL OR claimed_until <= ${databaseTime('$3')})
  RETURNING id`;

const LIST = `
  SELECT id, payload, state, attempts, due_at, last_error, created_at, settled_at,
    claimed_until IS NOT NULL AND claimed_until > ${databaseTime('$5')} AS claimed
  FROM outbox WHERE topic = $1 AND ($2::text IS NULL OR state = $2) AND ($3::uuid IS NULL OR id = $3)
  ORDER BY id DESC LIMIT $4`;

/** An entry that this instance has claimed. */
export interface Claim extends Entry {
  sealed: Buffer;
  /** It was not delivered before its deadline. */
  expired: boolean;
}

/** An entry in the operator's list. */
export interface ListedEntry {
  id: string;
  /** Of a sent entry, only what its handler kept. Undefined if it was sealed with another secret. */
  payload: unknown;
  state: EntryState;
  /** Whether an attempt is in progress. */
  claimed: boolean;
  attempts: number;
  dueAt: Date;
  lastError: string | null;
  createdAt: Date;
  settledAt: Date | null;
}

export interface Wanted {
  /** 0 for all. */
  limit: number;
  state?: EntryState | undefined;
  id?: string | undefined;
}

interface Row {
  id: string;
  payload: Buffer;
  state: EntryState;
  claimed: boolean;
  attempts: number;
  due_at: Date;
  last_error: string | null;
  created_at: Date;
  settled_at: Date | null;
  expired: boolean;
}

/** The statements on the table of the outbox. */
export class OutboxRows {
  constructor(
    private readonly manager: EntityManager,
    private readonly sealing: Sealing,
    private readonly clock: Clock,
  ) {}

  async insert(manager: EntityManager, topic: string, payload: object): Promise<string> {
    const [id, parameter] = this.#parameter(topic, payload);
    await manager.query(INSERT, [parameter]);
    return id;
  }

  /** The parameter of {@link insertEntry}. */
  parameter(topic: string, payload: object): string {
    return this.#parameter(topic, payload)[1];
  }

  /** Claims up to `limit` due entries for `leaseMs`. */
  async claim(topic: string, limit: number, leaseMs: number): Promise<Claim[]> {
    const [rows]: [Row[]] = await this.manager.query(CLAIM, [topic, limit, this.#now, leaseMs]);
    return rows.map(({ id, payload, attempts, created_at: createdAt, expired }) => {
      return { id, sealed: payload, attempts, createdAt, expired };
    });
  }

  /** Writes the final state of a claimed entry. @param kept replaces the payload */
  async settle(claim: Claim, state: EntryState, { kept, error }: { kept?: object; error?: string }): Promise<void> {
    const sealed = kept === undefined ? null : this.seal(claim.id, kept);
    await this.manager.query(SETTLE, [claim.id, claim.attempts, this.#now, state, sealed, error ?? null]);
  }

  /** Ends a failed attempt; another follows after `waitMs`. @returns the state: `dead` if that is too late */
  async postpone(claim: Claim, waitMs: number, error: string): Promise<EntryState | undefined> {
    const parameters = [claim.id, claim.attempts, this.#now, waitMs, error];
    const [rows]: [{ state: EntryState }[]] = await this.manager.query(POSTPONE, parameters);
    return rows[0]?.state;
  }

  /** Deletes a claimed entry. @throws Error if another attempt has begun meanwhile */
  async remove(manager: EntityManager, { id, attempts }: Entry): Promise<void> {
    const [, deleted]: [unknown, number] = await manager.query(REMOVE, [id, attempts]);
    if (deleted === 0) throw new Error('another attempt has begun');
  }

  /** Gives up a claim without an attempt. */
  async giveBack(claim: Claim): Promise<void> {
    await this.manager.query(GIVE_BACK, [claim.id, claim.attempts, this.#now]);
  }

  /** Makes held entries due. @returns their number */
  async deliverHeld(topic: string): Promise<number> {
    const [, count]: [unknown, number] = await this.manager.query(DELIVER_HELD, [topic, this.#now]);
    return count;
  }

  /** Makes an entry due now, and gives it another day. @returns whether it exists, is not sent, and is not being delivered */
  async retry(topic: string, id: string): Promise<boolean> {
    const [rows]: [unknown[]] = await this.manager.query(RETRY, [topic, id, this.#now, GIVE_UP_AFTER_MS]);
    return rows.length > 0;
  }

  /** The newest entries of a topic. */
  async list(topic: string, { limit, state, id }: Wanted): Promise<ListedEntry[]> {
    const rows: Row[] = await this.manager.query(LIST, [topic, state ?? null, id ?? null, limit || null, this.#now]);
    return rows.map((row) => ({
      id: row.id,
      payload: this.#openOrNot(row),
      state: row.state,
      claimed: row.claimed,
      attempts: row.attempts,
      dueAt: row.due_at,
      lastError: row.last_error,
      createdAt: row.created_at,
      settledAt: row.settled_at,
    }));
  }

  /** @throws UnsealFailed if it was sealed with another secret */
  open({ id, sealed }: Pick<Claim, 'id' | 'sealed'>): unknown {
    return JSON.parse(this.sealing.unseal(sealed, context(id)).plain.toString());
  }

  seal(id: string, payload: object): Buffer {
    return this.sealing.seal(Buffer.from(JSON.stringify(payload)), context(id));
  }

  #openOrNot({ id, payload }: Row): unknown {
    try {
      return this.open({ id, sealed: payload });
    } catch {
      return undefined;
    }
  }

  #parameter(topic: string, payload: object): [id: string, parameter: string] {
    const id = uuidv7(this.clock.now());
    const sealed = this.seal(id, payload).toString('base64');
    return [id, JSON.stringify({ id, topic, payload: sealed, now: this.#now, lifeMs: GIVE_UP_AFTER_MS })];
  }

  get #now(): Date | null {
    return this.clock.databaseTime();
  }
}

const context = (id: string) => `outbox ${id}`;
