/** Every event in the audit trail. docs/audit.md documents each of them; a test compares the two. */
export const AUDIT_EVENTS = {
  registered: { results: ['ok'] },
  login: { results: ['ok', 'refused'] },
  'login.locked': { results: ['refused'] },
  'session.renewed': { results: ['ok'] },
  refresh: { results: ['ok', 'refused'] },
  'refresh.reused': { results: ['refused'] },
  logout: { results: ['ok'] },
  'session.ended': { results: ['ok'] },
  'password.changed': { results: ['ok'] },
  'email.changed': { results: ['ok'] },
  'password.refused': { results: ['refused'] },
  'user.deleted': { results: ['ok'] },
  'user.disabled': { results: ['ok'] },
  'user.enabled': { results: ['ok'] },
  'users.imported': { results: ['ok'] },
  'key.rotated': { results: ['ok'] },
  'key.imported': { results: ['ok'] },
  'key.revoked': { results: ['ok'] },
  'secret.resealed': { results: ['ok'] },
  'client.created': { results: ['ok'] },
  'client.revoked': { results: ['ok'] },
  'client.refused': { results: ['refused'] },
  'request.refused': { results: ['refused'] },
  'limit.hit': { results: ['refused'] },
} as const satisfies Record<string, { results: readonly AuditResult[] }>;

export type AuditResult = 'ok' | 'refused';
export type AuditEventType = keyof typeof AUDIT_EVENTS;

/** The events that may have the result `refused`. */
export type RefusedEventType = {
  [Type in AuditEventType]: 'refused' extends (typeof AUDIT_EVENTS)[Type]['results'][number] ? Type : never;
}[AuditEventType];

/** Who acted: a user, a registered service, the operator, or the server itself. */
export type Actor = 'user' | 'client' | 'operator' | 'system';

/** Details of an event: short values. Never a secret, and never text from a user. */
export type AuditDetails = Record<string, string | number | boolean>;
