import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AUDIT_EVENTS } from '../../src/audit/audit-events.js';
import { REFUSALS } from '../../src/audit/refusals.js';
import { en } from '../../src/problems/messages.en.js';

/** ASVS 16.1.1: the inventory of what is logged is that of the code. */
const source = readdirSync('src', { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name !== 'audit-events.ts')
  .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
  .join('\n');

test('docs/audit.md has a row for each event, with its results, and no other', () => {
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
  // What anybody can cause has a bound, and so has all else.
  for (const row of cells) expect(row[5]).toMatch(/\S/);
});

test('every event in the table is written somewhere', () => {
  const missing = Object.keys(AUDIT_EVENTS).filter((type) => !source.includes(`'${type}'`));
  expect(missing).toEqual([]);
});

test('every refusal that is an event has a code that there is, and a type that can be refused', () => {
  for (const [code, { type }] of Object.entries(REFUSALS)) {
    expect(Object.keys(en.problems)).toContain(code);
    expect(AUDIT_EVENTS[type].results).toContain('refused');
  }
});
