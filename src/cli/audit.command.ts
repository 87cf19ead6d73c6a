import { once } from 'node:events';
import { Command, InvalidArgumentError, Option } from 'commander';
import { validate as isUuid } from 'uuid';
import type { AuditEvent } from '../audit/audit-event.entity.js';
import { AUDIT_EVENTS, type AuditEventType, type AuditResult } from '../audit/audit-events.js';
import { AuditHistory } from '../audit/audit-history.js';
import { eventRow } from '../audit/event-row.js';
import { escapeInvisible } from '../logging/invisible.js';
import { namedUser, namesOf } from './named-user.js';
import { quoted } from './quoted.js';
import { when } from './table.js';
import { print, type Terminal } from './terminal.js';
import { wholeNumber } from './whole-number.js';
import { withDatabase } from './with-database.js';

interface AuditOptions {
  user?: string;
  type?: AuditEventType;
  result?: AuditResult;
  ip?: string;
  since?: Date;
  until?: Date;
  before?: string;
  limit: number;
  json?: true;
}

/** `portero audit` */
export function auditCommand(terminal: Terminal): Command {
  return new Command('audit')
    .description('List security events, newest first.')
    .option('--user <user>', 'only events about this user (ID, username or email; deleted users: ID only)')
    .addOption(new Option('--type <type>', 'only events of this type').choices(Object.keys(AUDIT_EVENTS)))
    .addOption(new Option('--result <result>', 'only events with this result').choices(['ok', 'refused']))
    .option('--ip <address>', 'only events from this address')
    .option(
      '--since <time>',
      'only events at or after this time: 2026-01-31, 2026-01-31T12:00:00Z, or 24h (24 hours ago)',
      time,
    )
    .option('--until <time>', 'only events before this time', time)
    .option('--before <id>', 'only events older than the event with this ID, for the next page', eventId)
    .option('--limit <n>', 'maximum number of events; 0 for all', wholeNumber, 100)
    .option('--json', 'print one JSON object per event')
    .action((options: AuditOptions) => run(terminal, options));
}

async function run(terminal: Terminal, { user, limit, json, ...filter }: AuditOptions): Promise<void> {
  await withDatabase(terminal, async (session) => {
    // A deleted user has no row in `users`, but their events have the ID.
    const userId = user === undefined || isUuid(user) ? user : (await namedUser(session, user)).id;
    const events = new AuditHistory((sql, values) => session.query(sql, values)).stream(
      { ...filter, userId },
      limit || undefined,
    );
    let [shown, last] = [0, ''];
    for await (const batch of batches(events)) {
      const names = json
        ? new Map<string, string>()
        : await namesOf(
            session,
            batch.flatMap((one) => one.userId ?? []),
          );
      const lines = batch.map((event) => (json ? JSON.stringify(eventRow(event)) : asText(event, names)));
      if (!json && shown === 0) lines.unshift(line(HEADER));
      [shown, last] = [shown + batch.length, batch.at(-1)?.id ?? last];
      // Respects backpressure, so that a slow reader does not fill the memory.
      if (!terminal.stdout.write(`${escapeInvisible(lines.join('\n'))}\n`)) await once(terminal.stdout, 'drain');
    }
    if (json) return;
    if (shown === 0) print(terminal, 'no events');
    // The JSON output contains the IDs.
    if (shown === limit) terminal.stderr.write(`portero: there may be more events; use --before ${last}\n`);
  });
}

const BATCH = 500;

async function* batches(events: AsyncIterable<AuditEvent>): AsyncGenerator<AuditEvent[]> {
  let batch: AuditEvent[] = [];
  for await (const event of events) {
    if (batch.push(event) < BATCH) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

const HEADER = ['TIME', 'RESULT', 'EVENT', 'ACTOR', 'ADDRESS', 'USER', 'DETAILS'];
/** Of the columns before the last one, because the events are printed as they are read. */
const WIDTHS = [20, 7, 16, 8, 15, 16];

/** Formats an event as one line. Values from clients are quoted, so they can't forge lines or move the cursor. */
function asText(event: AuditEvent, names: Map<string, string>): string {
  const { type, result, ip, actor, user_id, id: _, occurred_at: _time, details, ...rest } = eventRow(event);
  const more = Object.entries({ ...details, ...rest })
    .filter(([, value]) => value !== null && value !== undefined)
    .map(([name, value]) => `${name}=${quoted(value)}`);
  const user = user_id === null ? '-' : quoted(names.get(user_id) ?? user_id);
  return line([when(event.occurredAt), result, type, actor, quoted(ip ?? '-'), user, more.join('  ')]);
}

function line(cells: string[]): string {
  return cells
    .map((cell, column) => cell.padEnd(WIDTHS[column] ?? 0))
    .join('  ')
    .trimEnd();
}

const AGO: Record<string, number> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

function time(text: string): Date {
  const [, amount, unit = ''] = /^(\d{1,9})([smhd])$/.exec(text) ?? [];
  const date = amount ? new Date(Date.now() - Number(amount) * (AGO[unit] as number)) : new Date(text);
  if (Number.isNaN(date.getTime()) || !/^\d/.test(text)) {
    throw new InvalidArgumentError('Expected a time such as 2026-01-31T12:00:00Z, or a duration such as 24h.');
  }
  return date;
}

function eventId(text: string): string {
  if (!isUuid(text)) throw new InvalidArgumentError('Expected the ID of an event.');
  return text;
}
