import type { AuditEvent } from './audit-event.entity.js';

/** An event under the names of its columns. */
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

/** The one parameter that {@link insertEvent} reads. */
export function eventParameter(event: AuditEvent): string {
  return JSON.stringify(eventRow(event));
}

interface InsertOptions {
  /** A query with a row for each event to insert, such as a CTE that makes the change. One event without it. */
  from?: string;
  /** A jsonb object of columns that are known in `from` only. It replaces what the parameter says of them. */
  set?: string;
}

/**
 * The INSERT of an event, for the statement that makes the change. The columns are matched by name.
 *
 * @param parameter the one that holds {@link eventParameter}, such as `$3`
 */
export function insertEvent(parameter: string, { from, set }: InsertOptions = {}): string {
  const row = set === undefined ? `${parameter}::jsonb` : `${parameter}::jsonb || ${set}`;
  const source = from === undefined ? '' : `${from}, `;
  return `INSERT INTO audit_events SELECT event.* FROM ${source}jsonb_populate_record(NULL::audit_events, ${row}) AS event`;
}
