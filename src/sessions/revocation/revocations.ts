import { Injectable, type OnModuleInit } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { AuditLog, type EventInput } from '../../audit/audit-log.js';
import { Clock } from '../../clock/clock.js';
import { ChangeFeed } from '../../database/feed/change-feed.js';
import type { Query } from '../../database/feed/feed-connection.js';
import type { ClientContext } from '../../http/client-context.js';
import type { EndReason } from '../session.entity.js';
import { type EndAllOptions, type Revocation, RevocationLog } from './revocation-log.js';

const PRUNE_EVERY_MS = 60_000;
const FROM_THE_BEGINNING = '0';

/** So that each read ends well within the time that one may take, however much there is to catch up on. */
const PAGE = 10_000;
const NIL = '00000000-0000-0000-0000-000000000000';

/**
 * What has been written since the transactions that were under way at the last read, and where to go on next time.
 * An entry of a transaction that commits late is met all the same: its number is not below that of the oldest one
 * under way (xmin). Entries that are met twice do no harm.
 */
const READ_ON = `
  SELECT now.xmin::text AS cursor, extract(epoch FROM pg_postmaster_start_time())::text AS server,
         r.txid::text AS txid, r.session_id AS "sessionId", r.expires_at AS until
    FROM (SELECT pg_snapshot_xmin(pg_current_snapshot()) AS xmin) now
    LEFT JOIN (SELECT txid, session_id, expires_at FROM revocations WHERE (txid, session_id) > ($1::xid8, $2::uuid)
                ORDER BY txid, session_id LIMIT ${PAGE}) r ON true`;

interface FeedRow {
  cursor: string;
  /** Tells this start of this server from every other one. */
  server: string;
  /** Of the entry, as what follows. Where there is no entry, there is one row without. */
  txid: string | null;
  sessionId: string | null;
  until: Date | null;
}

/**
 * The sessions that ended while something of them may still be taken. Kept in the database, so that they outlive a
 * restart and every instance learns of them; and in memory, so that a request asks nobody.
 */
@Injectable()
export class Revocations implements OnModuleInit {
  readonly #log: RevocationLog;
  /** Session id to the monotonic time at which the entry is over: a wall clock that jumps ahead must not forget it. */
  readonly #until = new Map<string, number>();
  #cursor = FROM_THE_BEGINNING;
  #server = '';
  #pruneAt = 0;

  constructor(
    @InjectDataSource() database: DataSource,
    private readonly clock: Clock,
    private readonly feed: ChangeFeed,
    audit: AuditLog,
  ) {
    this.#log = new RevocationLog(database.manager, clock, audit);
    feed.follow({ name: 'revocations', required: true, read: (query) => this.#read(query) });
  }

  async onModuleInit(): Promise<void> {
    await this.feed.catchUp();
  }

  /** Whether a session has ended. No I/O. */
  has(sessionId: string): boolean {
    return this.#until.has(sessionId);
  }

  get size(): number {
    return this.#until.size;
  }

  /**
   * Ends a session for good. Its access tokens are refused here from the moment this resolves, and after a restart;
   * by the other instances as soon as they hear of it. The first reason stays.
   */
  async revoke(sessionId: string, reason: EndReason, by?: ClientContext): Promise<void> {
    this.#publish(await this.#log.end(sessionId, reason, by));
  }

  /**
   * Ends a session because a refresh token of it was used again.
   *
   * @param reuse the reuse, recorded in the same statement
   */
  async revokeReused(sessionId: string, reuse: EventInput): Promise<void> {
    this.#publish(await this.#log.endReused(sessionId, reuse));
  }

  /** The same for every session of a user, but the one to keep; also where the user is gone. */
  async revokeAll(userId: string, reason: EndReason, options: EndAllOptions = {}): Promise<void> {
    this.#publish(await this.#log.endAll(userId, reason, options));
  }

  /** The same for the oldest sessions of a user that are more than `limit`. */
  async revokeExcess(userId: string, limit: number): Promise<void> {
    this.#publish(await this.#log.endExcess(userId, limit));
  }

  #publish(revocations: Revocation[]): void {
    this.#remember(revocations);
    if (revocations.length > 0) this.feed.announce();
  }

  /** @throws where the whole log could not be read; then nothing counts as heard */
  async #read(query: Query): Promise<void> {
    let read = await this.#readFrom(this.#cursor, query);
    // A database that was restored counts from a lower number, and a standby that took over gives numbers again that
    // the former server had given: what was read from the middle of another count is not the whole log.
    const isSameCount = read.server === this.#server && BigInt(read.cursor) >= BigInt(this.#cursor);
    if (!isSameCount && this.#cursor !== FROM_THE_BEGINNING) read = await this.#readFrom(FROM_THE_BEGINNING, query);
    this.#cursor = read.cursor;
    this.#server = read.server;
    if (this.clock.monotonic() >= this.#pruneAt) this.#prune();
  }

  /** @returns the cursor to go on from, and the server that answered */
  async #readFrom(start: string, query: Query): Promise<Pick<FeedRow, 'cursor' | 'server'>> {
    let rows = await query<FeedRow>(READ_ON, [start, NIL]);
    // Those of the first page: what commits while the others are read may lie before them, and is met next time.
    const { cursor, server } = rows[0] as FeedRow;
    this.#take(rows);
    while (rows.length === PAGE) {
      const { txid, sessionId } = rows.at(-1) as FeedRow;
      rows = await query<FeedRow>(READ_ON, [txid, sessionId]);
      if (rows[0]?.server !== server) throw new Error('another server answered in the middle of the log');
      this.#take(rows);
    }
    return { cursor, server };
  }

  #take(rows: readonly FeedRow[]): void {
    this.#remember(
      rows.flatMap(({ sessionId, until }) => (sessionId && until ? [{ sessionId, until: until.getTime() }] : [])),
    );
  }

  #remember(revocations: readonly Revocation[]): void {
    const now = this.clock.now();
    const ahead = this.clock.monotonic() - now;
    for (const { sessionId, until } of revocations) if (until > now) this.#until.set(sessionId, until + ahead);
  }

  #prune(): void {
    const now = this.clock.monotonic();
    this.#pruneAt = now + PRUNE_EVERY_MS;
    for (const [sessionId, until] of this.#until) if (until <= now) this.#until.delete(sessionId);
  }
}
