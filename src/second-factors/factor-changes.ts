import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { AuditEvent } from '../audit/audit-event.entity.js';
import type { AuditEventType } from '../audit/audit-events.js';
import { AuditLog } from '../audit/audit-log.js';
import { UserNotices } from '../notices/user-notices.js';
import { RecoveryCodes } from './recovery-codes.js';
import type { FactorUse } from './second-factor-tries.js';
import { NoSecondFactor } from './second-factors.errors.js';
import { SecondFactors } from './second-factors.js';
import { removeTrustedDevices } from './trusted-devices.js';

export interface FactorChange extends FactorUse {
  method: 'totp' | 'passkey';
}

/** Records an event in the transaction of a change. Its log line follows the commit. */
type Record = (type: AuditEventType, details?: { method: string }) => Promise<void>;

/** Adds and removes factors, each with its recovery codes, events and notice in one transaction. */
@Injectable()
export class FactorChanges {
  constructor(
    private readonly factors: SecondFactors,
    private readonly recoveryCodes: RecoveryCodes,
    private readonly audit: AuditLog,
    private readonly notices: UserNotices,
  ) {}

  /**
   * Adds a factor.
   *
   * @param work stores the factor, with the user locked. If it throws, nothing changes
   * @returns ten recovery codes, which can't be shown again; null if the user has some already
   */
  async add(change: FactorChange, work: (manager: EntityManager) => Promise<void>): Promise<string[] | null> {
    const { userId, method } = change;
    const codes = await this.#record(change, async (manager, record) => {
      await work(manager);
      await record('second_factor.added', { method });
      await this.notices.addIfVerified(manager, { userId, name: 'second_factor_added', facts: { method } });
      const { recoveryCodesLeft } = await this.factors.of(userId, manager);
      if (recoveryCodesLeft > 0) return null;
      await record('recovery_codes.created');
      return await this.recoveryCodes.replace(manager, userId);
    });
    this.notices.wake();
    return codes;
  }

  /** Removes a factor. @param work deletes it, with the user locked. If it throws, nothing changes */
  async remove(change: FactorChange, work: (manager: EntityManager) => Promise<void>): Promise<void> {
    const { userId, sessionId, client, method } = change;
    const untrust = this.audit.event('trusted_device.removed', { userId, sessionId, client });
    let untrusted: AuditEvent | undefined;
    await this.#record(change, async (manager, record) => {
      await work(manager);
      await record('second_factor.removed', { method });
      untrusted = await removeTrustedDevices(manager, untrust);
      await this.notices.addIfVerified(manager, { userId, name: 'second_factor_removed', facts: { method } });
    });
    if (untrusted) this.audit.log(untrusted);
    this.notices.wake();
  }

  /** Replaces the recovery codes. @throws NoSecondFactor */
  async renewRecoveryCodes(use: FactorUse): Promise<string[]> {
    return await this.#record(use, async (manager, record) => {
      const { totp, passkeys } = await this.factors.of(use.userId, manager);
      if (!totp && passkeys === 0) throw new NoSecondFactor();
      await record('recovery_codes.created');
      return await this.recoveryCodes.replace(manager, use.userId);
    });
  }

  async #record<T>(
    { userId, sessionId, client }: FactorUse,
    work: (manager: EntityManager, record: Record) => Promise<T>,
  ): Promise<T> {
    const events: AuditEvent[] = [];
    const result = await this.factors.change(userId, (manager) =>
      work(manager, async (type, details) => {
        const event = this.audit.event(type, { userId, sessionId, client, details });
        await this.audit.insert(manager, event);
        events.push(event);
      }),
    );
    for (const event of events) this.audit.log(event);
    return result;
  }
}
