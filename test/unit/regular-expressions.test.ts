import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** `npm run lint:regexps` (ASVS 1.3.12). */
const folder = mkdtempSync(join(tmpdir(), 'portero-regexps-'));
afterAll(() => rmSync(folder, { recursive: true }));

test.each([
  ['the one that cut spaces off cookies', String.raw`text.replace(/^[ \t]+|[ \t]+$/g, '')`],
  ['an exponential one', '/^(a+)+$/.test(text)'],
  ['one that is given as text', String.raw`new RegExp('^(\\w+\\s?)*$').test(text)`],
  ['one that is made at run time', 'new RegExp(text).test(text)'],
])('the check rejects %s [ASVS 1.3.12]', (_, expression) => {
  const path = join(folder, 'one.ts');
  writeFileSync(path, `export const found = (text: string) => ${expression};\n`);
  const { status, stderr } = spawnSync(process.execPath, ['scripts/lint-regexps.mjs', path], { encoding: 'utf8' });
  expect([status, stderr]).toEqual([1, expect.stringContaining(`${path}:1 `)]);
});
