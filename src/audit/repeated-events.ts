import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { Clock } from '../clock/clock.js';
import type { AuditEvent } from './audit-event.entity.js';
import { AuditLog } from './audit-log.js';

interface Repeats {
  /** The last one. */
  event: AuditEvent;
  /** How many are not written yet. */
  count: number;
  endsAt: number;
}

/** One row tells at the most of this long. */
const WINDOW_MS = 60_000;
const LOOK_EVERY_MS = 10_000;
/** So many kinds of repeats an instance tells apart at once; what comes beyond is told of together. */
const MOST_KEYS = 200;

/**
 * Writes events that anybody can cause without end: the first of a kind at once, and how many followed when a minute
 * is over. So a flood of requests is no flood of rows: at the most 402 a minute from an instance.
 */
@Injectable()
export class RepeatedEvents implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #repeats = new Map<string, Repeats>();
  readonly #logger = new Logger(RepeatedEvents.name);
  #timer: NodeJS.Timeout | undefined;

  constructor(
    @InjectDataSource() private readonly database: DataSource,
    private readonly audit: AuditLog,
    private readonly clock: Clock,
  ) {}

  onApplicationBootstrap(): void {
    const write = () => this.write().catch((err) => this.#logger.warn({ err, msg: 'repeated events are not written' }));
    this.#timer = setInterval(write, LOOK_EVERY_MS).unref();
  }

  /** What was not written is written, unless the database is gone: that must not hold up a stop. */
  async onModuleDestroy(): Promise<void> {
    clearInterval(this.#timer);
    await this.write(true).catch(() => {});
  }

  /**
   * Notes an event. Resolves when its row is there, or it is counted for one. Never throws: what can't be written now
   * stays counted.
   *
   * @param key events of one key are told of together
   */
  async note(key: string, event: AuditEvent): Promise<void> {
    const known = this.#repeats.get(key);
    if (known !== undefined) {
      known.event = event;
      known.count += 1;
      return;
    }
    if (this.#repeats.size >= MOST_KEYS && key !== event.type) return await this.note(event.type, anonymous(event));
    const repeats = { event, count: 0, endsAt: this.clock.monotonic() + WINDOW_MS };
    this.#repeats.set(key, repeats);
    try {
      await this.audit.write(this.database.manager, event);
    } catch {
      repeats.count += 1;
    }
  }

  /** Writes the counts of the minutes that are over, or of all. */
  async write(all = false): Promise<void> {
    for (const [key, repeats] of this.#repeats) {
      if (!all && this.clock.monotonic() < repeats.endsAt) continue;
      const { event, count } = repeats;
      if (count > 0) {
        repeats.count = 0;
        try {
          await this.audit.write(this.database.manager, { ...event, details: { ...event.details, repeated: count } });
        } catch (error) {
          repeats.count += count;
          throw error;
        }
      }
      if (repeats.count === 0) this.#repeats.delete(key);
    }
  }
}

/** One of many by anybody. */
function anonymous(event: AuditEvent): AuditEvent {
  const nobody = { userId: null, sessionId: null, ip: null, userAgent: null, requestId: null };
  return { ...event, ...nobody, details: { many: true } };
}
