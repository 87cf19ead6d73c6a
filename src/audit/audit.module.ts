import { Global, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { Clock } from '../clock/clock.js';
import { Config } from '../config/config.js';
import { Cleanup } from '../database/cleanup.js';
import { ListConnections } from '../database/reserved-connections.js';
import { AuditEvent } from './audit-event.entity.js';
import { AuditHistory } from './audit-history.js';
import { AuditLog } from './audit-log.js';
import { AuditPartitions } from './audit-partitions.js';
import { EventLogger } from './event-logger.js';
import { RepeatedEvents } from './repeated-events.js';

/** The smallest ID of events that are still kept, by the clock of the database, as in the trigger that protects them. */
const CUTOFF = `(lpad(to_hex((extract(epoch FROM now()) * 1000)::bigint - $1::bigint), 12, '0') || repeat('0', 20))::uuid`;

/** The audit trail. Global, because most modules write to it. */
@Global()
@Module({
  imports: [TypeOrmModule.forFeature([AuditEvent])],
  providers: [
    {
      provide: AuditLog,
      inject: [Clock, DataSource],
      useFactory: (clock: Clock, { manager }: DataSource) => new AuditLog(clock, manager, new EventLogger()),
    },
    RepeatedEvents,
    AuditPartitions,
    {
      provide: AuditHistory,
      inject: [ListConnections],
      useFactory: ({ query }: ListConnections) => new AuditHistory(query),
    },
  ],
  exports: [AuditLog, RepeatedEvents, AuditHistory],
})
export class AuditModule {
  constructor(cleanup: Cleanup, { auditRetention }: Config) {
    // These two partitions are never dropped. The ID has an index; the trigger checks the time.
    for (const table of ['audit_events_early', 'audit_events_default']) {
      cleanup.of({
        table,
        key: 'id',
        which: `AND id < ${CUTOFF} AND occurred_at < now() - $1::bigint * interval '1 millisecond'`,
        parameters: () => [auditRetention],
      });
    }
  }
}
