import { once } from 'node:events';
import { Command, InvalidArgumentError, Option } from 'commander';
import { validate as isUuid } from 'uuid';
import type { AuditEvent } from '../audit/audit-event.entity.js';
import { AUDIT_EVENTS, type AuditEventType, type AuditResult } from '../audit/audit-events.js';
import { AuditHistory } from '../audit/audit-history.js';
import { eventRow } from '../audit/event-row.js';
import { namedUser } from './named-user.js';
import { withDatabase } from './with-database.js';

interface AuditOptions {
  user?: string;
  type?: AuditEventType;
  result?: AuditResult;
  ip?: string;
  since?: Date;
  until?: Date;
  limit: number;
  json?: true;
}

/** `portero audit` */
export function auditCommand(): Command {
  return new Command('audit')
    .description('Show what happened, the newest first.')
    .option('--user <name>', 'about this user: an id, username or email')
    .addOption(new Option('--type <type>', 'of this type').choices(Object.keys(AUDIT_EVENTS)))
    .addOption(new Option('--result <result>', 'that ended so').choices(['ok', 'refused']))
    .option('--ip <address>', 'from this address')
    .option('--since <time>', 'from this time on: 2026-01-31, 2026-01-31T12:00:00Z, or 24h for so long ago', time)
    .option('--until <time>', 'before this time', time)
    .option('--limit <n>', 'no more than this many; 0 for all', count, 100)
    .option('--json', 'one JSON object per event')
    .action(run);
}

async function run({ user, limit, json, ...filter }: AuditOptions): Promise<void> {
  await withDatabase(async (session) => {
    // The events of a deleted user are found by the id alone.
    const userId = user === undefined || isUuid(user) ? user : (await namedUser(session, user)).id;
    const events = new AuditHistory((sql, values) => session.query(sql, values)).stream(
      { ...filter, userId },
      limit || undefined,
    );
    for await (const event of events) {
      const line = json ? JSON.stringify(eventRow(event)) : asText(event);
      // Whoever reads slowly must not have the whole trail wait in memory.
      if (!process.stdout.write(`${line}\n`)) await once(process.stdout, 'drain');
    }
  });
}

/** One line; what came from outside is quoted, so that it can not pass for a line or move the cursor. */
function asText(event: AuditEvent): string {
  const { occurred_at, type, result, ip, actor, ...rest } = eventRow(event);
  const more = Object.entries({ ...rest, details: undefined, ...event.details })
    .filter(([name, value]) => name !== 'id' && value !== null && value !== undefined)
    .map(([name, value]) => `${name}=${quoted(value)}`);
  return [occurred_at, result.padEnd(7), type.padEnd(16), actor, quoted(ip ?? '-'), ...more].join('  ');
}

function quoted(value: unknown): string {
  const text = String(value);
  return /^[\w.:/@+-]*$/.test(text) ? text : JSON.stringify(text).replace(/[\u007f-\u009f\u2028\u2029]/g, '?');
}

const AGO: Record<string, number> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

function time(text: string): Date {
  const [, amount, unit = ''] = /^(\d{1,9})([smhd])$/.exec(text) ?? [];
  const date = amount ? new Date(Date.now() - Number(amount) * (AGO[unit] as number)) : new Date(text);
  if (Number.isNaN(date.getTime()) || !/^\d/.test(text)) {
    throw new InvalidArgumentError('Give a time such as 2026-01-31T12:00:00Z, or a length of time such as 24h.');
  }
  return date;
}

function count(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('Give a whole number.');
  return Number(text);
}
