import { Global, Module } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Clock } from '../clock/clock.js';
import { Sealing } from '../crypto/sealing.js';
import { Cleanup } from '../database/cleanup.js';
import { databaseTime, interval } from '../database/database-time.js';
import { Outbox } from './outbox.js';
import { OutboxRows } from './outbox-rows.js';
import { OutboxWorker } from './outbox-worker.js';

/** How long entries are kept after they were sent, held or given up, in milliseconds. */
const KEEP_MS = 7 * 86_400_000;

/** Deliveries to other systems that a transaction causes. Global, because several modules add to it. */
@Global()
@Module({
  providers: [
    {
      provide: OutboxRows,
      inject: [DataSource, Sealing, Clock],
      useFactory: ({ manager }: DataSource, sealing: Sealing, clock: Clock) => new OutboxRows(manager, sealing, clock),
    },
    Outbox,
    OutboxWorker,
  ],
  exports: [Outbox],
})
export class OutboxModule {
  constructor(cleanup: Cleanup, clock: Clock) {
    cleanup.of({
      table: 'outbox',
      key: 'id',
      which: `AND state <> 'waiting' AND settled_at <= ${databaseTime('$1')} - ${interval('$2')}`,
      parameters: () => [clock.databaseTime(), KEEP_MS],
    });
  }
}
