import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Clock } from '../clock/clock.js';
import { addressKey, addressLevels } from '../http/client-address.js';
import type { AuditEvent } from './audit-event.entity.js';
import type { RefusedEventType } from './audit-events.js';
import { AuditLog, type EventInput } from './audit-log.js';

interface Repeats {
  about: 'users' | 'others';
  /** The client's network; undefined if events are counted by network or type. */
  network: string | undefined;
  /** The newest event. */
  event: AuditEvent;
  /** The number of events that are not written yet. */
  count: number;
  endsAt: number;
}

/** The period that one row summarizes. */
const WINDOW_MS = 60_000;
const WRITE_EVERY_MS = 10_000;
/**
 * The maximum of keys for events about users, and also for other events. The limits are separate, so that events without a
 * user can't displace events about users.
 */
const MAX_KEYS = 200;
/** The maximum of keys per network. Further events are counted by network, and beyond MAX_KEYS by type. */
const MAX_KEYS_PER_NETWORK = 20;

/**
 * Records events that anyone can cause without limit. The first event of a key is written at once, and the number of further
 * events after a minute. So an instance writes at most about 850 such rows per minute.
 */
@Injectable()
export class RepeatedEvents implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #repeats = new Map<string, Repeats>();
  readonly #logger = new Logger(RepeatedEvents.name);
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly audit: AuditLog,
    private readonly clock: Clock,
  ) {}

  onApplicationBootstrap(): void {
    const write = () =>
      this.write().catch((err) => this.#logger.warn({ err, msg: 'repeated events were not written' }));
    this.#timer = setInterval(write, WRITE_EVERY_MS).unref();
  }

  /** Writes the remaining counts. An unreachable database must not delay the shutdown. */
  async onModuleDestroy(): Promise<void> {
    clearInterval(this.#timer);
    await this.write(true).catch(() => {});
  }

  /**
   * Records an event with the result `refused`. Resolves once it is written or counted. Never throws: an event that can't be
   * written is counted.
   */
  async recordRefused(type: RefusedEventType, input: Omit<EventInput, 'result'>): Promise<void> {
    const event = this.audit.event(type, { ...input, result: 'refused' });
    const key = keyOf(event);
    const [network = ''] = addressLevels(event.ip ?? undefined);
    const about = event.userId === null ? 'others' : 'users';
    if (this.#count(key, event)) return;
    if (this.#hasRoom(about, network)) return await this.#start(key, { event, about, network });
    const ofNetwork = JSON.stringify([event.type, network]);
    const summary = anonymous(event, { ip: event.ip });
    if (this.#count(ofNetwork, summary)) return;
    if (this.#hasRoom('others')) {
      return await this.#start(ofNetwork, { event: summary, about: 'others', network: undefined });
    }
    const ofType = anonymous(event);
    if (this.#count(event.type, ofType)) return;
    await this.#start(event.type, { event: ofType, about: 'others', network: undefined });
  }

  /** Counts an event under a key. @returns false if the key does not exist */
  #count(key: string, event: AuditEvent): boolean {
    const known = this.#repeats.get(key);
    if (known === undefined) return false;
    known.event = event;
    known.count += 1;
    return true;
  }

  #hasRoom(about: Repeats['about'], network?: string): boolean {
    const alike = [...this.#repeats.values()].filter((one) => one.about === about);
    if (alike.length >= MAX_KEYS) return false;
    return network === undefined || alike.filter((one) => one.network === network).length < MAX_KEYS_PER_NETWORK;
  }

  async #start(key: string, what: Pick<Repeats, 'event' | 'about' | 'network'>): Promise<void> {
    const repeats = { ...what, count: 0, endsAt: this.clock.monotonic() + WINDOW_MS };
    this.#repeats.set(key, repeats);
    try {
      await this.audit.write(what.event);
    } catch {
      repeats.count += 1;
    }
  }

  /** Writes the counts of the windows that have ended, or all counts. */
  async write(all = false): Promise<void> {
    for (const [key, repeats] of this.#repeats) {
      if (!all && this.clock.monotonic() < repeats.endsAt) continue;
      const { event, count } = repeats;
      if (count > 0) {
        repeats.count = 0;
        try {
          await this.audit.write({ ...event, details: { ...event.details, repeated: count } });
        } catch (error) {
          repeats.count += count;
          throw error;
        }
      }
      if (repeats.count === 0) this.#repeats.delete(key);
    }
  }
}

/** Events of one key share a row: events about one user, or events without a user from one address. */
function keyOf({ type, userId, sessionId, ip, details }: AuditEvent): string {
  return JSON.stringify([type, userId ?? addressKey(ip ?? undefined), sessionId, details]);
}

/** An event for a count of several clients. */
function anonymous(event: AuditEvent, kept: { ip?: string | null } = {}): AuditEvent {
  const nobody = { userId: null, sessionId: null, ip: null, userAgent: null, requestId: null };
  return { ...event, ...nobody, ...kept, details: { many: true } };
}
