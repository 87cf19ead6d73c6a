import { Injectable, type OnModuleInit } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { AuditLog, type EventInput } from '../../audit/audit-log.js';
import { Clock } from '../../clock/clock.js';
import { ChangeFeed } from '../../database/feed/change-feed.js';
import type { Query } from '../../database/feed/feed-connection.js';
import { GroupCommit } from '../../database/group-commit.js';
import { BatchConnections } from '../../database/reserved-connections.js';
import type { ClientContext } from '../../http/client-context.js';
import type { EndReason } from '../session.entity.js';
import { type EndAllOptions, type Ending, type Revocation, RevocationLog } from './revocation-log.js';

const PRUNE_EVERY_MS = 60_000;
const FROM_THE_BEGINNING = '0';

/** Rows per query. A page takes much less time than a read may take. */
const PAGE = 10_000;
const NIL = '00000000-0000-0000-0000-000000000000';

/**
 * Reads the entries since the oldest transaction that was running at the last read (xmin), and the cursor for the next
 * read. Entries of transactions that commit late are read too, because their transaction ID is not below that xmin.
 * Reading an entry twice is harmless.
 */
const READ_ON = `
  SELECT now.xmin::text AS cursor, extract(epoch FROM pg_postmaster_start_time())::text AS server,
         r.txid::text AS txid, r.session_id AS "sessionId", r.expires_at AS until
    FROM (SELECT pg_snapshot_xmin(pg_current_snapshot()) AS xmin) now
    LEFT JOIN (SELECT txid, session_id, expires_at FROM revocations WHERE (txid, session_id) > ($1::xid8, $2::uuid)
                ORDER BY txid, session_id LIMIT ${PAGE}) r ON true`;

interface FeedRow {
  cursor: string;
  /** Identifies one start of one database server. */
  server: string;
  /** The transaction ID of the entry. If there are no entries, one row has null here and in the next fields. */
  txid: string | null;
  sessionId: string | null;
  until: Date | null;
}

/**
 * Sessions that have ended while tokens issued for them have not expired. They are stored in the database, for restarts
 * and for other instances, and in memory, so that requests need no query.
 */
@Injectable()
export class Revocations implements OnModuleInit {
  readonly #log: RevocationLog;
  readonly #endings: GroupCommit<Ending, Revocation[] | 'locked'>;
  /** Session ID to the monotonic time at which the entry expires. The wall clock could jump ahead and lose entries. */
  readonly #until = new Map<string, number>();
  #cursor = FROM_THE_BEGINNING;
  #server = '';
  #pruneAt = 0;

  constructor(
    @InjectDataSource() database: DataSource,
    private readonly clock: Clock,
    private readonly feed: ChangeFeed,
    audit: AuditLog,
    batches: BatchConnections,
  ) {
    this.#log = new RevocationLog(database.manager, clock, audit);
    this.#endings = new GroupCommit({
      together: async (endings) => {
        const revocations = await this.#log.endEach(endings, batches.query);
        return revocations.map((revocation) => (revocation ? [revocation] : 'locked'));
      },
      alone: (ending) => this.#endOne(ending),
    });
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
   * Ends a session. Once this resolves, this instance rejects its access tokens, also after a restart. Other instances
   * reject them when they have read the change feed. If the session has already ended, its original reason is kept.
   */
  async revoke(sessionId: string, reason: EndReason, by?: ClientContext): Promise<void> {
    const ending = { sessionId, reason, by };
    const outcome = await this.#endings.submit(ending);
    this.#publish(outcome === 'locked' ? await this.#endOne(ending) : outcome);
  }

  /** Waits for a lock of the session. */
  async #endOne({ sessionId, reason, by }: Ending): Promise<Revocation[]> {
    return await this.#log.end(sessionId, reason, by);
  }

  /**
   * Ends a session because one of its refresh tokens was reused.
   *
   * @param reuse the event, recorded in the same statement
   */
  async revokeReused(sessionId: string, reuse: EventInput): Promise<void> {
    this.#publish(await this.#log.endReused(sessionId, reuse));
  }

  /** Ends all sessions of a user except `options.keep`, also if the user no longer exists. */
  async revokeAll(userId: string, reason: EndReason, options: EndAllOptions = {}): Promise<void> {
    this.#publish(await this.#log.endAll(userId, reason, options));
  }

  /** Ends one session of a user, in a transaction that may do more. */
  async revokeWithin(
    { userId, sessionId }: { userId: string; sessionId: string },
    reason: EndReason,
    options: Pick<EndAllOptions, 'by' | 'require' | 'within'>,
  ): Promise<void> {
    this.#publish(await this.#log.endAll(userId, reason, { ...options, only: sessionId }));
  }

  /** Ends the oldest sessions of a user beyond `limit`. */
  async revokeExcess(userId: string, limit: number): Promise<void> {
    this.#publish(await this.#log.endExcess(userId, limit));
  }

  #publish(revocations: Revocation[]): void {
    this.#remember(revocations);
    if (revocations.length > 0) this.feed.announce();
  }

  /** @throws if not all entries could be read; the cursor then does not move */
  async #read(query: Query): Promise<void> {
    let read = await this.#readFrom(this.#cursor, query);
    // After a restore, transaction IDs are lower. After a failover, the new server uses IDs again that the previous one
    // had used. In both cases the cursor is meaningless, so all entries are read again.
    const isSameCount = read.server === this.#server && BigInt(read.cursor) >= BigInt(this.#cursor);
    if (!isSameCount && this.#cursor !== FROM_THE_BEGINNING) read = await this.#readFrom(FROM_THE_BEGINNING, query);
    this.#cursor = read.cursor;
    this.#server = read.server;
    if (this.clock.monotonic() >= this.#pruneAt) this.#prune();
  }

  /** @returns the cursor for the next read, and the server that responded */
  async #readFrom(start: string, query: Query): Promise<Pick<FeedRow, 'cursor' | 'server'>> {
    let rows = await query<FeedRow>(READ_ON, [start, NIL]);
    // The cursor of the first page: entries that commit while the other pages are read may lie before those pages.
    const { cursor, server } = rows[0] as FeedRow;
    this.#take(rows);
    while (rows.length === PAGE) {
      const { txid, sessionId } = rows.at(-1) as FeedRow;
      rows = await query<FeedRow>(READ_ON, [txid, sessionId]);
      if (rows[0]?.server !== server) throw new Error('the database server changed while revocations were read');
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
