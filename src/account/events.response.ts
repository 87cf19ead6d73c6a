import { ApiProperty } from '@nestjs/swagger';
import type { AuditEvent } from '../audit/audit-event.entity.js';
import { type AuditEventType, type AuditResult, USER_EVENT_TYPES } from '../audit/audit-events.js';
import { describeDevice } from '../http/device.js';

class EventResponse {
  @ApiProperty({ format: 'uuid' })
  id!: string;

  @ApiProperty({ enum: USER_EVENT_TYPES, example: 'login' })
  type!: AuditEventType;

  @ApiProperty({ enum: ['ok', 'refused'] })
  result!: AuditResult;

  @ApiProperty({ format: 'date-time' })
  occurred_at!: string;

  @ApiProperty({ type: String, nullable: true, description: 'The IP address of the client.', example: '203.0.113.7' })
  ip!: string | null;

  @ApiProperty({
    type: String,
    nullable: true,
    description: 'The browser and operating system, from the `User-Agent`.',
    example: 'Firefox on Linux',
  })
  device!: string | null;

  @ApiProperty({ type: String, format: 'uuid', nullable: true, description: 'The session of the event.' })
  session_id!: string | null;
}

export class EventsResponse {
  @ApiProperty({ type: [EventResponse] })
  events!: EventResponse[];

  @ApiProperty({
    type: String,
    format: 'uuid',
    nullable: true,
    description: 'The `before` of the next page; null if this is the last page.',
  })
  next!: string | null;

  /** @param limit the requested number of events */
  static of(events: readonly AuditEvent[], limit: number): EventsResponse {
    return {
      events: events.map((event) => ({
        id: event.id,
        type: event.type,
        result: event.result,
        occurred_at: event.occurredAt.toISOString(),
        ip: event.ip,
        device: describeDevice(event.userAgent),
        session_id: event.sessionId,
      })),
      next: (events.length === limit && events.at(-1)?.id) || null,
    };
  }
}
