import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource, EntityManager } from 'typeorm';
import { AuditEvent } from './audit-event.entity.js';
import type { AuditEventType, AuditResult } from './audit-events.js';

/** Which events: those that all of what is given holds for. */
export interface AuditFilter {
  userId?: string | undefined;
  type?: AuditEventType | undefined;
  result?: AuditResult | undefined;
  ip?: string | undefined;
  /** Inclusive. */
  since?: Date | undefined;
  /** Exclusive. */
  until?: Date | undefined;
  /** Only older ones than this one: an id. */
  before?: string | undefined;
}

const BATCH = 500;

/** Reads the audit trail, the newest first. */
@Injectable()
export class AuditHistory {
  readonly #manager: EntityManager;

  constructor(@InjectDataSource() { manager }: Pick<DataSource, 'manager'>) {
    this.#manager = manager;
  }

  /** At most `limit` events. The id of the last one is where the next page begins: `before` it. */
  async page(filter: AuditFilter, limit: number): Promise<AuditEvent[]> {
    const { since, until, before, ...equal } = filter;
    const query = this.#manager.createQueryBuilder(AuditEvent, 'event').orderBy('event.id', 'DESC').limit(limit);
    for (const [name, value] of Object.entries(equal)) {
      if (value !== undefined) query.andWhere(`event.${name} = :${name}`, { [name]: value });
    }
    if (before !== undefined) query.andWhere('event.id < :before', { before });
    // The ids are in the order of time and have the index.
    if (since !== undefined) query.andWhere('event.id >= :since', { since: firstIdOf(since) });
    if (until !== undefined) query.andWhere('event.id < :until', { until: firstIdOf(until) });
    return await query.getMany();
  }

  /** All of them, or `limit`; held in memory batch by batch. */
  async *stream(filter: AuditFilter, limit = Number.POSITIVE_INFINITY): AsyncGenerator<AuditEvent> {
    let { before } = filter;
    for (let left = limit; left > 0; ) {
      const page = await this.page({ ...filter, before }, Math.min(BATCH, left));
      yield* page;
      left -= page.length;
      before = page.at(-1)?.id;
      if (page.length < BATCH) return;
    }
  }
}

/** The least UUIDv7 of a moment. */
function firstIdOf(time: Date): string {
  const hex = Math.max(0, time.getTime()).toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`;
}
