import { insertEvent } from '../audit/event-row.js';
import { databaseTime, databaseTimeAtWrite, interval } from '../database/database-time.js';
import { hasStamp } from '../users/proof-stamp.js';
import type { Session } from './session.entity.js';
import { isOneOf, lockEach } from './session-locks.js';

/** A session and the name of its user: the data for its tokens. */
export type LiveSession = Pick<
  Session,
  'id' | 'userId' | 'generation' | 'amr' | 'authTime' | 'refreshExpiresAt' | 'expiresAt' | 'accessExpiresAt'
> & {
  username: string | null;
  email: string | null;
};

/**
 * The time allowed between the statement and the issue of the token, in milliseconds. If it takes longer, the token expires
 * earlier.
 */
export const ISSUING_MS = 5000;

/** The columns that both the UPDATE and the SELECT of a session return. */
const LIVE_SESSION = `s.id, s.user_id AS "userId", s.generation, s.amr, s.auth_time AS "authTime",
  s.refresh_expires_at AS "refreshExpiresAt", s.expires_at AS "expiresAt",
  s.access_expires_at AS "accessExpiresAt", u.username, u.email`;

/** Why a token did not rotate, by the clock of the database. */
export interface RetryFacts {
  /** The session has ended, or its user is disabled. */
  isRevoked: boolean;
  isExpired: boolean;
  /** The last rotation is less than `REFRESH_GRACE` ago. */
  isInGrace: boolean;
}

/** The columns that a rotation changes; $3 time, $4 and $5 as in {@link ROTATE}. */
const SET_ROTATED = `generation = s.generation + 1, rotated_at = ${databaseTimeAtWrite('$3')}, last_seen_at = ${databaseTime('$3')},
  refresh_expires_at = LEAST(${databaseTime('$3')} + ${interval('$4')}, s.expires_at),
  access_expires_at = GREATEST($5, s.access_expires_at)`;

/** Whether a refresh token of the current generation is valid; $3 time. */
const IS_REFRESHABLE = `s.ended_at IS NULL AND s.refresh_expires_at > ${databaseTime('$3')}
  AND s.expires_at > ${databaseTime('$3')} AND u.id = s.user_id AND u.disabled_at IS NULL`;

/** The event of a rotation: its user is known only here. */
const rotationEvent = (parameter: string, from = 'rotated') =>
  `, event AS (${insertEvent(parameter, { from, set: `jsonb_build_object('user_id', rotated.user_id)` })})`;

const rotate = (also: string) => `
  WITH rotated AS (
    UPDATE sessions s SET ${SET_ROTATED} FROM users u WHERE s.id = $1 AND s.generation = $2 AND ${IS_REFRESHABLE}
    RETURNING ${LIVE_SESSION}, s.user_id
  )${also} SELECT * FROM rotated`;

/**
 * Rotates one refresh token; waits for a lock of its session. $1 session, $2 generation, $3 time, $4 lifetime of a refresh
 * token, $5 when the last access token issued by this refresh expires, by the clock of the instance that issues it; $6 the
 * event, if refreshes are recorded.
 */
export const ROTATE = rotate('');
export const ROTATE_AND_RECORD = rotate(rotationEvent('$6'));

const rotateEach = (also: string) => `
  WITH asked AS (
    SELECT * FROM unnest($1::uuid[], $2::integer[], $6::jsonb[]) AS a (id, generation, event)
  ), free AS (${lockEach('')}), rotated AS (
    UPDATE sessions s SET ${SET_ROTATED} FROM asked a, users u
     WHERE ${isOneOf('free')} AND s.id = a.id AND s.generation = a.generation AND ${IS_REFRESHABLE}
    RETURNING ${LIVE_SESSION}, s.user_id
  )${also} SELECT free.id AS "freeId", rotated.* FROM free LEFT JOIN rotated USING (id)`;

/**
 * The same for several sessions, each of which may be named once: $1, $2 and $6 are arrays. Returns a row for each session
 * whose row was not locked; its other columns are null if the token did not rotate.
 */
export const ROTATE_EACH = rotateEach('');
export const ROTATE_EACH_AND_RECORD = rotateEach(rotationEvent('asked.event', 'rotated JOIN asked USING (id)'));

/** $1 session, $2 time, $3 grace */
export const RETRY = `
  SELECT ${LIVE_SESSION}, s.ended_at IS NOT NULL OR u.disabled_at IS NOT NULL AS "isRevoked",
         LEAST(s.expires_at, s.refresh_expires_at) <= ${databaseTime('$2')} AS "isExpired",
         COALESCE(s.rotated_at + ${interval('$3')} > ${databaseTime('$2')}, false) AS "isInGrace"
    FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.id = $1`;

/** $1 session, $2 time, $3 when the access token expires, by the clock of the instance that issues it; $4 the event, if recorded. */
const grantAccess = (also = '') => `
  WITH granted AS (
    UPDATE sessions s SET access_expires_at = GREATEST($3, s.access_expires_at)
      FROM users u
     WHERE s.id = $1 AND s.transport = 'cookie' AND s.ended_at IS NULL AND s.expires_at > ${databaseTime('$2')}
       AND u.id = s.user_id AND u.disabled_at IS NULL
    RETURNING ${LIVE_SESSION}
  )${also} SELECT * FROM granted`;

export const GRANT_ACCESS = grantAccess();
export const GRANT_ACCESS_AND_RECORD = grantAccess(`, event AS (${insertEvent('$4', { from: 'granted' })})`);

/**
 * Sets how and when the user of a bearer session has authenticated. The generation of the refresh token stays. $1 session, $2
 * user, $3 time, $4 time of the proof, $5 methods, $6 whether they add to those of the session, $7 when the access token
 * expires, $8 stamp of the user's credentials, $9 the event.
 */
export const STEP_UP = `
  WITH stepped_up AS (
    UPDATE sessions s SET auth_time = $4, access_expires_at = GREATEST($7, s.access_expires_at),
           amr = CASE WHEN $6::boolean THEN s.amr || ARRAY(SELECT m FROM unnest($5::text[]) m WHERE m <> ALL (s.amr))
                      ELSE $5::text[] END
      FROM users u
     WHERE s.id = $1 AND s.user_id = $2 AND s.transport = 'bearer' AND s.ended_at IS NULL
       AND s.refresh_expires_at > ${databaseTime('$3')} AND s.expires_at > ${databaseTime('$3')}
       AND u.id = s.user_id AND u.disabled_at IS NULL AND ${hasStamp('$8')}
    RETURNING ${LIVE_SESSION}
  ), event AS (${insertEvent('$9', { from: 'stepped_up' })}) SELECT * FROM stepped_up`;
