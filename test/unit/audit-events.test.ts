import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AUDIT_EVENTS, type RefusedEventType } from '../../src/audit/audit-events.js';
import { insertEvent } from '../../src/audit/event-row.js';

/** ASVS 16.1.1: the documented inventory of events matches the code. */
const source = readdirSync('src', { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name !== 'audit-events.ts')
  .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
  .join('\n');

test('docs/audit.md has exactly one row for each event, with its results', () => {
  const lines = readFileSync('docs/audit.md', 'utf8').split('\n');
  const cells = lines
    .filter((line) => line.startsWith('| `'))
    .map((line) => line.split('|').map((cell) => cell.trim()));
  expect(cells.map(([, type, results]) => [type, results])).toEqual(
    Object.entries(AUDIT_EVENTS).map(([type, { results }]) => [
      `\`${type}\``,
      results.map((result) => `\`${result}\``).join(', '),
    ]),
  );
  // Events that any client can cause are limited, and so are all others.
  for (const row of cells) expect(row[5]).toMatch(/\S/);
});

test('every event in the table is written somewhere', () => {
  const missing = Object.keys(AUDIT_EVENTS).filter((type) => !source.includes(`'${type}'`));
  expect(missing).toEqual([]);
});

test('the insert of an event takes one parameter, at any position, and matches columns by name', () => {
  const statements = [insertEvent('$1'), insertEvent('$11', { from: 'started', set: `jsonb_build_object('ip', ip)` })];
  for (const sql of statements) expect(new Set(sql.match(/\$\d+/g)).size).toBe(1);
  expect(statements[1]).toContain('FROM started, jsonb_populate_record(NULL::audit_events, $11::jsonb || jsonb_build');
});

test('the result refused can only be recorded for event types that have it', () => {
  const refusals: RefusedEventType[] = ['login', 'login.locked', 'refresh', 'refresh.reused', 'password.refused'];
  for (const type of [...refusals, 'client.refused', 'request.refused', 'limit.hit'] satisfies RefusedEventType[]) {
    expect(AUDIT_EVENTS[type].results).toContain('refused');
  }
  // @ts-expect-error: a logout has no result refused
  const none: RefusedEventType = 'logout';
  expect(AUDIT_EVENTS[none].results).not.toContain('refused');
});
