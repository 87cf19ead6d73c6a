import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { FastifyRequest } from 'fastify';
import type { DataSource } from 'typeorm';
import { addressKey } from '../http/client-address.js';
import { clientContextOf } from '../http/client-context.js';
import type { Principal } from '../http/principal.js';
import type { AuthError } from '../problems/auth-error.js';
import type { ProblemCode } from '../problems/messages.en.js';
import type { AuditEvent } from './audit-event.entity.js';
import type { AuditEventType } from './audit-events.js';
import { AuditLog } from './audit-log.js';
import { RepeatedEvents } from './repeated-events.js';

interface Rule {
  type: AuditEventType;
  /** Set where each has a row of its own, because something else bounds how many there can be. */
  each?: true;
  /** Only where who refused said whom it concerns. */
  withFacts?: true;
}

/** The refusals that are events, by the code of the problem. docs/audit.md says what bounds each. */
export const REFUSALS: Partial<Record<ProblemCode, Rule>> = {
  invalid_credentials: { type: 'login', each: true },
  too_many_attempts: { type: 'login.locked' },
  wrong_password: { type: 'password.refused', each: true, withFacts: true },
  password_rejected: { type: 'password.refused', withFacts: true },
  refresh_token_reused: { type: 'refresh.reused', each: true },
  refresh_token_expired: { type: 'refresh', withFacts: true },
  session_revoked: { type: 'refresh', withFacts: true },
  invalid_client: { type: 'client.refused' },
  csrf_failed: { type: 'request.refused' },
  too_many_requests: { type: 'limit.hit' },
};

/** Writes refusals that are security events, before they are answered. */
@Injectable()
export class Refusals {
  constructor(
    @InjectDataSource() private readonly database: DataSource,
    private readonly audit: AuditLog,
    private readonly repeated: RepeatedEvents,
  ) {}

  /** For the filter that answers refusals. */
  readonly watch = (error: AuthError, request: FastifyRequest): Promise<void> | undefined => {
    const { code } = error.kind;
    const rule = REFUSALS[code];
    if (rule === undefined) return undefined;
    const principal = (request as { user?: Partial<Principal> }).user;
    const { userId = principal?.userId, sessionId = principal?.sessionId, details } = error.facts ?? {};
    if (rule.withFacts && userId === undefined && sessionId === undefined) return undefined;
    const event = this.audit.event(rule.type, {
      result: 'refused',
      actor: rule.type === 'client.refused' ? 'client' : 'user',
      userId,
      sessionId,
      caller: clientContextOf(request),
      details: { code, ...details },
    });
    if (rule.each) return this.audit.write(this.database.manager, event);
    return this.repeated.note(keyOf(event), event);
  };
}

/** Those about one user are told of together, and those about nobody from one address. */
function keyOf({ type, userId, sessionId, ip, details }: AuditEvent): string {
  return JSON.stringify([type, userId ?? addressKey(ip ?? undefined), sessionId, details]);
}
