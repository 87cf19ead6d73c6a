import type { Query } from '../database/feed/feed-connection.js';
import type { AuditEvent } from './audit-event.entity.js';
import type { AuditEventType, AuditResult } from './audit-events.js';

/** Which events: those that all of what is given holds for. */
export interface AuditFilter {
  userId?: string | undefined;
  type?: AuditEventType | undefined;
  result?: AuditResult | undefined;
  ip?: string | undefined;
  /** Inclusive. */
  since?: Date | undefined;
  /** Exclusive. */
  until?: Date | undefined;
  /** Only older ones than this one: an id. */
  before?: string | undefined;
}

const BATCH = 500;
const LEAST_ID = '00000000-0000-0000-0000-000000000000';
const GREATEST_ID = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

const SELECT = `SELECT id, occurred_at AS "occurredAt", type, result, user_id AS "userId", actor, session_id AS "sessionId", ip,
       user_agent AS "userAgent", request_id AS "requestId", details
  FROM audit_events`;

/** Reads the audit trail, the newest first. */
export class AuditHistory {
  constructor(private readonly query: Query) {}

  /** At most `limit` events. The id of the last one is where the next page begins: `before` it. */
  async page(filter: AuditFilter, limit: number): Promise<AuditEvent[]> {
    const { userId, type, result, ip, since, until, before } = filter;
    const values: unknown[] = [];
    const add = (value: unknown) => `$${values.push(value)}`;
    // The ids are in the order of time.
    const ends = [before, until && firstIdOf(until)].filter((end) => end !== undefined).sort();
    const [from, end] = [add(since === undefined ? LEAST_ID : firstIdOf(since)), add(ends[0] ?? GREATEST_ID)];
    const conditions: string[] = [];
    let order = 'id DESC';
    if (userId !== undefined && type !== undefined) {
      // Compared and ordered as rows, so that no statistics can make another index than (user_id, type, id) look good.
      const [user, kind] = [add(userId), add(type)];
      conditions.push(
        'user_id IS NOT NULL',
        `(user_id, type, id) >= (${user}::uuid, ${kind}::text, ${from}::uuid)`,
        `(user_id, type, id) < (${user}::uuid, ${kind}::text, ${end}::uuid)`,
      );
      order = 'user_id DESC, type DESC, id DESC';
    } else {
      conditions.push(`id >= ${from}::uuid`, `id < ${end}::uuid`);
      if (userId !== undefined) conditions.push(`user_id = ${add(userId)}`);
      if (type !== undefined) conditions.push(`type = ${add(type)}`);
    }
    if (result !== undefined) conditions.push(`result = ${add(result)}`);
    if (ip !== undefined) conditions.push(`ip = ${add(ip)}`);
    const sql = `${SELECT} WHERE ${conditions.join(' AND ')} ORDER BY ${order} LIMIT ${add(limit)}`;
    return await this.query<AuditEvent>(sql, values);
  }

  /** All of them, or `limit`; held in memory batch by batch. */
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

/** The least UUIDv7 of a moment. */
function firstIdOf(time: Date): string {
  const hex = Math.max(0, time.getTime()).toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`;
}
