import type { AuditEvent } from './audit-event.entity.js';

/** An event as a row. */
export function eventRow(event: AuditEvent) {
  return {
    id: event.id,
    occurred_at: event.occurredAt.toISOString(),
    type: event.type,
    result: event.result,
    user_id: event.userId,
    actor: event.actor,
    session_id: event.sessionId,
    ip: event.ip,
    user_agent: event.userAgent,
    request_id: event.requestId,
    details: event.details,
  };
}

const COLUMNS: readonly (keyof ReturnType<typeof eventRow>)[] = [
  'id',
  'occurred_at',
  'type',
  'result',
  'user_id',
  'actor',
  'session_id',
  'ip',
  'user_agent',
  'request_id',
  'details',
];

/** The parameter of {@link insertEvent}. */
export function eventParameter(event: AuditEvent): string {
  return JSON.stringify(eventRow(event));
}

interface InsertOptions {
  /** A query with one row per event, such as the CTE that makes the change. Without it, one event is inserted. */
  from?: string;
  /** A jsonb object of columns that only `from` knows. It overrides the parameter. */
  set?: string;
}

/**
 * Builds the INSERT of an event, for use in the statement that makes the change. Columns are matched by name.
 *
 * @param parameter the placeholder of {@link eventParameter}, such as `$3`
 */
export function insertEvent(parameter: string, { from, set }: InsertOptions = {}): string {
  const row = set === undefined ? `${parameter}::jsonb` : `${parameter}::jsonb || ${set}`;
  const source = from === undefined ? '' : `${from}, `;
  // By name, so that a column that a newer release has added keeps its default.
  return `INSERT INTO audit_events (${COLUMNS.join(', ')}) SELECT ${COLUMNS.map((name) => `event.${name}`).join(', ')} FROM ${source}jsonb_populate_record(NULL::audit_events, ${row}) AS event`;
}
