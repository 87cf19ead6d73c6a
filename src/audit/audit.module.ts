import { Global, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { Clock } from '../clock/clock.js';
import { Config } from '../config/config.js';
import { Cleanup } from '../database/cleanup.js';
import { ListConnections } from '../database/list-connections.js';
import { AuditEvent } from './audit-event.entity.js';
import { AuditHistory } from './audit-history.js';
import { AuditLog } from './audit-log.js';
import { AuditPartitions } from './audit-partitions.js';
import { EventLogger } from './event-logger.js';
import { RepeatedEvents } from './repeated-events.js';

/** The first id of a moment, by the clock of the database: see the trigger that keeps the younger rows. */
const CUTOFF = `(lpad(to_hex((extract(epoch FROM now()) * 1000)::bigint - $1::bigint), 12, '0') || repeat('0', 20))::uuid`;

/** What happened, for as long as `AUDIT_RETENTION`. Everything that changes something writes here, so it is global. */
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
    // These two are never dropped. By id, which has an index, and by time, which the trigger goes by.
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
