import type { Query } from '../database/feed/feed-connection.js';
import type { AuditEvent } from './audit-event.entity.js';
import type { AuditEventType, AuditResult } from './audit-events.js';
import { firstIdOf } from './event-id.js';
import { listPartitions, overlaps } from './partition-list.js';

/** Selects the events that match all members. */
export interface AuditFilter {
  userId?: string | undefined;
  type?: AuditEventType | undefined;
  result?: AuditResult | undefined;
  ip?: string | undefined;
  /** Inclusive. */
  since?: Date | undefined;
  /** Exclusive. */
  until?: Date | undefined;
  /** Only events older than the one with this ID. */
  before?: string | undefined;
}

const BATCH = 500;
const LEAST_ID = '00000000-0000-0000-0000-000000000000';
const GREATEST_ID = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

const COLUMNS = 'id, occurred_at, type, result, user_id, actor, session_id, ip, user_agent, request_id, details';
const SELECT = `SELECT id, occurred_at AS "occurredAt", type, result, user_id AS "userId", actor, session_id AS "sessionId", ip,
       user_agent AS "userAgent", request_id AS "requestId", details`;
/** SQLSTATE `undefined_table`. */
const NO_SUCH_TABLE = '42P01';

/** Reads the audit trail, newest first. */
export class AuditHistory {
  constructor(private readonly query: Query) {}

  /** Reads at most `limit` events. For the next page, pass the ID of the last one as `before`. */
  async page(filter: AuditFilter, limit: number): Promise<AuditEvent[]> {
    try {
      return await this.#page(filter, limit);
    } catch (error) {
      // Retention has dropped a partition since the partitions were listed.
      if ((error as { code?: string }).code !== NO_SUCH_TABLE) throw error;
      return await this.#page(filter, limit);
    }
  }

  /**
   * Queries each partition by an index, up to the limit. For a query of the whole table, PostgreSQL may choose to sort all
   * events of a user, because empty partitions distort its estimates.
   */
  async #page({ userId, type, result, ip, since, until, before }: AuditFilter, limit: number): Promise<AuditEvent[]> {
    // The IDs are in the order of time.
    const ends = [before?.toLowerCase(), until && firstIdOf(until)].filter((end) => end !== undefined).sort();
    const [first, last] = [since === undefined ? LEAST_ID : firstIdOf(since), ends[0] ?? GREATEST_ID];
    const values: unknown[] = [];
    const add = (value: unknown) => `$${values.push(value)}`;
    const [from, end] = [`${add(first)}::uuid`, `${add(last)}::uuid`];
    const conditions: string[] = [];
    let order = 'id DESC';
    if (userId === undefined) {
      conditions.push(`id >= ${from}`, `id < ${end}`);
      if (type !== undefined) conditions.push(`type = ${add(type)}`);
    } else {
      // Compared and ordered as rows, so that only the index (type, user_id, id) or (user_id, id) fits.
      const user = `${add(userId)}::uuid`;
      const [columns, prefix] =
        type === undefined ? ['user_id', user] : ['type, user_id', `${add(type)}::text, ${user}`];
      conditions.push('user_id IS NOT NULL', `(${columns}, id) >= (${prefix}, ${from})`);
      conditions.push(`(${columns}, id) < (${prefix}, ${end})`);
      order = `${columns.replaceAll(', ', ' DESC, ')} DESC, id DESC`;
    }
    if (result !== undefined) conditions.push(`result = ${add(result)}`);
    if (ip !== undefined) conditions.push(`ip = ${add(ip)}`);
    const inOrder = `ORDER BY ${order} LIMIT ${add(limit)}::int`;
    const partitions = (await listPartitions(this.query)).filter((one) => overlaps(one, first, last));
    const parts = partitions.map(
      ({ name }) => `(SELECT ${COLUMNS} FROM ${name} WHERE ${conditions.join(' AND ')} ${inOrder})`,
    );
    return await this.query<AuditEvent>(`${SELECT} FROM (${parts.join(' UNION ALL ')}) AS events ${inOrder}`, values);
  }

  /** Reads all events, or the first `limit`, in batches. */
  async *stream(filter: AuditFilter, limit = Number.POSITIVE_INFINITY): AsyncGenerator<AuditEvent> {
    let { before } = filter;
    for (let left = limit; left > 0; ) {
      const page = await this.page({ ...filter, before }, Math.min(BATCH, left));
      yield* page;
      left -= page.length;
      before = page.at(-1)?.id;
      if (page.length < BATCH) return;
    }
  }
}
