import { insertEvent } from '../audit/event-row.js';
import { databaseTime, databaseTimeAtWrite, interval } from '../database/database-time.js';
import type { Session } from './session.entity.js';

/** A session with the name of its user: all that tokens are made of. */
export type LiveSession = Pick<
  Session,
  'id' | 'userId' | 'generation' | 'amr' | 'authTime' | 'refreshExpiresAt' | 'expiresAt' | 'accessExpiresAt'
> & {
  username: string | null;
  email: string | null;
};

/** Some time passes between the statement and the token issued after it: a token is cut short only where that takes longer. */
export const ISSUING_MS = 5000;

/** What an UPDATE or SELECT of a session answers, in one place for both. */
const LIVE_SESSION = `s.id, s.user_id AS "userId", s.generation, s.amr, s.auth_time AS "authTime",
  s.refresh_expires_at AS "refreshExpiresAt", s.expires_at AS "expiresAt",
  s.access_expires_at AS "accessExpiresAt", u.username, u.email`;

/** What the database says of a token that did not rotate, by its own time. */
export interface RetryFacts {
  /** The session has ended, or its user is disabled. */
  isOver: boolean;
  isExpired: boolean;
  /** Less than `REFRESH_GRACE` has gone by since the last rotation. */
  isInGrace: boolean;
}

/**
 * $1 session, $2 generation, $3 time, $4 lifetime of a refresh token, $5 when the last access token that this refresh
 * answers has expired, by the clock of the instance that issues it; $6 the event, where refreshes are recorded.
 */
export const rotate = (also = '') => `
  WITH rotated AS (
    UPDATE sessions s
       SET generation = s.generation + 1, rotated_at = ${databaseTimeAtWrite('$3')}, last_seen_at = ${databaseTime('$3')},
           refresh_expires_at = LEAST(${databaseTime('$3')} + ${interval('$4')}, s.expires_at),
           access_expires_at = GREATEST($5, s.access_expires_at)
      FROM users u
     WHERE s.id = $1 AND s.generation = $2 AND s.ended_at IS NULL AND s.refresh_expires_at > ${databaseTime('$3')}
       AND s.expires_at > ${databaseTime('$3')} AND u.id = s.user_id AND u.disabled_at IS NULL
    RETURNING ${LIVE_SESSION}, s.user_id
  )${also} SELECT * FROM rotated`;

export const ROTATE = rotate();
export const ROTATE_AND_RECORD = rotate(
  `, event AS (${insertEvent('$6', { from: 'rotated', set: `jsonb_build_object('user_id', rotated.user_id)` })})`,
);

/** $1 session, $2 time, $3 grace */
export const RETRY = `
  SELECT ${LIVE_SESSION}, s.ended_at IS NOT NULL OR u.disabled_at IS NOT NULL AS "isOver",
         LEAST(s.expires_at, s.refresh_expires_at) <= ${databaseTime('$2')} AS "isExpired",
         COALESCE(s.rotated_at + ${interval('$3')} > ${databaseTime('$2')}, false) AS "isInGrace"
    FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.id = $1`;
