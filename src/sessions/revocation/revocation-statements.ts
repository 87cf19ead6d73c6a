import { insertEvent } from '../../audit/event-row.js';
import { databaseTime } from '../../database/database-time.js';
import { isOneOf, lockEach } from '../session-locks.js';

/** How long an instance may accept a cookie without a database query; see CookieSessions. */
const COOKIE_MEMORY = `interval '2 minutes'`;

/**
 * The ID of one session's event if one event is given for several sessions: the first half comes from that event, with its
 * time and order; the second, random half comes from the session's ID.
 */
const EVENT_ID_OF_MANY = `encode(substring(uuid_send((live.event->>'id')::uuid) FOR 8) || substring(uuid_send(live.id) FROM 9), 'hex')::uuid`;

/** The ID of the given event, if each session has its own. */
const EVENT_ID_OF_ONE = `live.event->'id'`;

/** The clocks of instances may differ by this much, so another instance may accept a token for longer. */
const CLOCK_SKEW = `interval '30 seconds'`;

const NOW = databaseTime('$3');

const insertEvents = (id: string) =>
  insertEvent('live.event', {
    from: '(SELECT id, user_id, event FROM ended WHERE was_live) AS live',
    set: `jsonb_build_object('user_id', live.user_id, 'session_id', live.id, 'id', ${id})`,
  });

/**
 * Ends the sessions of the CTE `found (id, was_live, event, reason)`, and writes their revocation entries and events, all in
 * one statement. If a session has already ended, its original reason is kept.
 */
const endFound = ({ eventId = EVENT_ID_OF_MANY, also = '' } = {}) => `
  ended AS (
    UPDATE sessions s SET ended_at = COALESCE(ended_at, ${NOW}), end_reason = COALESCE(end_reason, found.reason)
      FROM found WHERE ${isOneOf('found')} AND s.id = found.id
    RETURNING s.id, s.user_id, found.was_live, found.event,
      GREATEST(access_expires_at, CASE transport WHEN 'cookie' THEN ${NOW} + ${COOKIE_MEMORY} END) + ${CLOCK_SKEW} AS until
  ), entry AS (
    INSERT INTO revocations (session_id, expires_at) SELECT id, until FROM ended WHERE until > ${NOW}
    ON CONFLICT (session_id) DO NOTHING
  ), event AS (
    ${insertEvents(eventId)} RETURNING id, session_id
  )${also}
  SELECT ended.id AS "sessionId", ended.user_id AS "userId", ended.until, event.id AS "eventId"
    FROM ended LEFT JOIN event ON event.session_id = ended.id`;

/** $1 is the event, $2 the reason, $3 the time. The parameters of the condition start at $4. */
const endWhere = (
  condition: string,
  { limit = '', ...options }: Parameters<typeof endFound>[0] & { limit?: string } = {},
) => `
  WITH found AS (
    SELECT id, ended_at IS NULL AS was_live, $1::jsonb AS event, $2 AS reason
      FROM sessions WHERE ${condition} ORDER BY id ${limit} FOR UPDATE
  ), ${endFound(options)}`;

/** $1 are the events, $2 the reasons and $4 the IDs of the sessions, each of which may be named once; $3 is the time. */
export const END_EACH = `
  WITH asked AS (
    SELECT * FROM unnest($4::uuid[], $1::jsonb[], $2::text[]) AS a (id, event, reason)
  ), found AS (
    ${lockEach(', s.ended_at IS NULL AS was_live, asked.event, asked.reason')}
  ), ${endFound({ eventId: EVENT_ID_OF_ONE })}`;
export const END_ONE = endWhere('id = $4', { eventId: EVENT_ID_OF_ONE });
export const END_REUSED = endWhere('id = $4', { eventId: EVENT_ID_OF_ONE, also: `, reuse AS (${insertEvent('$5')})` });
export const END_ALL = endWhere('user_id = $4 AND id IS DISTINCT FROM $5::uuid AND ended_at IS NULL');
export const END_EXCESS = endWhere(`id IN (
  SELECT id FROM sessions WHERE user_id = $4 AND ended_at IS NULL AND expires_at > ${NOW} AND refresh_expires_at > ${NOW}
  ORDER BY started_at DESC, id DESC OFFSET $5) AND ended_at IS NULL`);
/** Of all users, after a session ID. */
export const END_FOR_ALL_USERS = endWhere('id > $4 AND ended_at IS NULL', { limit: 'LIMIT $5' });
