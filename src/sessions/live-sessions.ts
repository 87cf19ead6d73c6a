import type { Transport } from './session.entity.js';

/** A live session, as its user sees it. */
export interface SessionView {
  id: string;
  transport: Transport;
  createdAt: Date;
  lastSeenAt: Date;
  expiresAt: Date;
  ip: string | null;
  userAgent: string | null;
}

export interface LiveSessionsOptions {
  /** Milliseconds since the epoch. */
  now: number;
  sessionIdleTtl: number;
  /** Returns a last-seen time that is not in the database yet, in milliseconds since the epoch. */
  seenAt?: (sessionId: string) => number | undefined;
}

/** Lists the live sessions of a user, newest first. */
export async function liveSessions(
  database: { query(sql: string, parameters: unknown[]): Promise<SessionView[]> },
  userId: string,
  { now, sessionIdleTtl, seenAt }: LiveSessionsOptions,
): Promise<SessionView[]> {
  const rows = await database.query(
    `SELECT id, transport, started_at AS "createdAt", last_seen_at AS "lastSeenAt", expires_at AS "expiresAt", ip,
            user_agent AS "userAgent"
       FROM sessions
      WHERE user_id = $1 AND ended_at IS NULL AND expires_at > $2 AND refresh_expires_at > $2
      ORDER BY started_at DESC, id DESC`,
    [userId, new Date(now)],
  );
  return rows
    .map((row) => ({ ...row, lastSeenAt: new Date(Math.max(row.lastSeenAt.getTime(), seenAt?.(row.id) ?? 0)) }))
    .filter((row) => row.transport === 'bearer' || now < row.lastSeenAt.getTime() + sessionIdleTtl);
}
