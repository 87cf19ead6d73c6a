import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { Clock } from '../clock/clock.js';
import { addressLevels } from '../http/client-address.js';
import type { AuditEvent } from './audit-event.entity.js';
import { AuditLog } from './audit-log.js';

interface Repeats {
  about: 'users' | 'others';
  /** Where it came from; nothing where it is counted by network or type. */
  network: string | undefined;
  /** The last one. */
  event: AuditEvent;
  /** How many are not written yet. */
  count: number;
  endsAt: number;
}

/** One row tells at the most of this long. */
const WINDOW_MS = 60_000;
const LOOK_EVERY_MS = 10_000;
/**
 * So many keys an instance keeps at once of events about users, and so many of others: nobody crowds out what happens
 * to a user by events about nobody.
 */
const MOST_KEYS = 200;
/** So many of them may be from one network. What comes beyond is counted by network, and at last by type alone. */
const MOST_KEYS_OF_NETWORK = 20;

/**
 * Writes events that anybody can cause without end: the first of a key at once, and how many followed when a minute
 * is over. So a flood of requests is no flood of rows: at the most about 850 a minute from an instance.
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
    const [network = ''] = addressLevels(event.ip ?? undefined);
    const about = event.userId === null ? 'others' : 'users';
    if (this.#count(key, event)) return;
    if (this.#hasRoom(about, network)) return await this.#begin(key, { event, about, network });
    const ofNetwork = JSON.stringify([event.type, network]);
    const summary = anonymous(event, { ip: event.ip });
    if (this.#count(ofNetwork, summary)) return;
    if (this.#hasRoom('others')) {
      return await this.#begin(ofNetwork, { event: summary, about: 'others', network: undefined });
    }
    const ofType = anonymous(event);
    if (this.#count(event.type, ofType)) return;
    await this.#begin(event.type, { event: ofType, about: 'others', network: undefined });
  }

  /** Counts one more under a key, where there is one. */
  #count(key: string, event: AuditEvent): boolean {
    const known = this.#repeats.get(key);
    if (known === undefined) return false;
    known.event = event;
    known.count += 1;
    return true;
  }

  #hasRoom(about: Repeats['about'], network?: string): boolean {
    const alike = [...this.#repeats.values()].filter((one) => one.about === about);
    if (alike.length >= MOST_KEYS) return false;
    return network === undefined || alike.filter((one) => one.network === network).length < MOST_KEYS_OF_NETWORK;
  }

  async #begin(key: string, what: Pick<Repeats, 'event' | 'about' | 'network'>): Promise<void> {
    const repeats = { ...what, count: 0, endsAt: this.clock.monotonic() + WINDOW_MS };
    this.#repeats.set(key, repeats);
    try {
      await this.audit.write(this.database.manager, what.event);
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
function anonymous(event: AuditEvent, kept: { ip?: string | null } = {}): AuditEvent {
  const nobody = { userId: null, sessionId: null, ip: null, userAgent: null, requestId: null };
  return { ...event, ...nobody, ...kept, details: { many: true } };
}
