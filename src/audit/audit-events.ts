/**
 * Every event in the audit trail, and whether it concerns one user or the service. docs/audit.md documents each of them; a test
 * compares the two.
 */
export const AUDIT_EVENTS = {
  registered: { of: 'user', results: ['ok'] },
  login: { of: 'user', results: ['ok', 'refused'] },
  'login.locked': { of: 'user', results: ['refused'] },
  'session.renewed': { of: 'user', results: ['ok'] },
  refresh: { of: 'user', results: ['ok', 'refused'] },
  'refresh.reused': { of: 'user', results: ['refused'] },
  'token.issued': { of: 'user', results: ['ok'] },
  logout: { of: 'user', results: ['ok'] },
  'session.ended': { of: 'user', results: ['ok'] },
  'password.changed': { of: 'user', results: ['ok'] },
  'email.changed': { of: 'user', results: ['ok'] },
  'email.verified': { of: 'user', results: ['ok'] },
  'recovery_link.created': { of: 'user', results: ['ok'] },
  'second_factor.requested': { of: 'user', results: ['ok'] },
  'second_factor.refused': { of: 'user', results: ['refused'] },
  'second_factor.added': { of: 'user', results: ['ok'] },
  'second_factor.removed': { of: 'user', results: ['ok'] },
  'recovery_codes.created': { of: 'user', results: ['ok'] },
  'recovery_code.used': { of: 'user', results: ['ok'] },
  'passkey.cloned': { of: 'user', results: ['refused'] },
  step_up: { of: 'user', results: ['ok'] },
  'trusted_device.added': { of: 'user', results: ['ok'] },
  'trusted_device.removed': { of: 'user', results: ['ok'] },
  'password.refused': { of: 'user', results: ['refused'] },
  'user.deleted': { of: 'user', results: ['ok'] },
  'user.disabled': { of: 'user', results: ['ok'] },
  'user.enabled': { of: 'user', results: ['ok'] },
  'users.imported': { of: 'service', results: ['ok'] },
  'key.rotated': { of: 'service', results: ['ok'] },
  'key.imported': { of: 'service', results: ['ok'] },
  'key.revoked': { of: 'service', results: ['ok'] },
  'secret.resealed': { of: 'service', results: ['ok'] },
  'client.created': { of: 'service', results: ['ok'] },
  'client.revoked': { of: 'service', results: ['ok'] },
  'client.refused': { of: 'service', results: ['refused'] },
  'request.refused': { of: 'service', results: ['refused'] },
  'limit.hit': { of: 'user', results: ['refused'] },
} as const satisfies Record<string, { of: 'user' | 'service'; results: readonly AuditResult[] }>;

export type AuditResult = 'ok' | 'refused';
export type AuditEventType = keyof typeof AUDIT_EVENTS;

/** The events that concern one user, who can list them. The others concern the service. */
export const USER_EVENT_TYPES = (Object.keys(AUDIT_EVENTS) as AuditEventType[]).filter(
  (type) => AUDIT_EVENTS[type].of === 'user',
);

/** The events that may have the result `refused`. */
export type RefusedEventType = {
  [Type in AuditEventType]: 'refused' extends (typeof AUDIT_EVENTS)[Type]['results'][number] ? Type : never;
}[AuditEventType];

/** Who acted: a user, a registered service, the operator, or the server itself. */
export type Actor = 'user' | 'client' | 'operator' | 'system';

/** Details of an event: short values. Never a secret, and never text from a user. */
export type AuditDetails = Record<string, string | number | boolean>;
