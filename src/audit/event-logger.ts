import { Logger } from '@nestjs/common';
import type { AuditEvent } from './audit-event.entity.js';
import { eventRow } from './event-row.js';

/** Writes one log line per event, with the context `audit`. */
export class EventLogger {
  readonly #logger = new Logger('audit');

  write(event: AuditEvent): void {
    const { id, occurred_at: _, type, details, ...columns } = eventRow(event);
    const line = { msg: type, event_id: id, ...columns, ...(details === null ? {} : { details }) };
    if (event.result === 'ok') this.#logger.log(line);
    else this.#logger.warn(line);
  }
}
