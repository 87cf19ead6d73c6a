import { type BeforeApplicationShutdown, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { Outbox } from './outbox.js';
import { OutboxRows } from './outbox-rows.js';
import { TopicWorker } from './topic-worker.js';

/** How long a stop waits for deliveries in flight, in milliseconds. */
const STOP_WITHIN_MS = 10_000;

/** Delivers the entries of the outbox, as every instance does. Topics have their own places, so a slow one delays no other. */
@Injectable()
export class OutboxWorker implements OnApplicationBootstrap, BeforeApplicationShutdown {
  #workers: TopicWorker[] = [];

  constructor(
    private readonly outbox: Outbox,
    private readonly rows: OutboxRows,
  ) {}

  onApplicationBootstrap(): void {
    this.#workers = [...this.outbox.handlers].map(([topic, handler]) => new TopicWorker(topic, handler, this.rows));
    for (const worker of this.#workers) {
      this.outbox.onWake(() => worker.wake());
      worker.start();
    }
  }

  /** Before the database is closed. */
  async beforeApplicationShutdown(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.stop(STOP_WITHIN_MS)));
  }
}
