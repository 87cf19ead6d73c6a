import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LineWriter } from '../../src/logging/line-writer.js';

/** Lines to a reader that is slow, stalled or gone (ASVS 16.4.3). */
const folder = mkdtempSync(join(tmpdir(), 'portero-lines-'));
const pipe = join(folder, 'pipe');
execFileSync('mkfifo', [pipe]);
const fds: number[] = [];
afterEach(() => {
  for (const fd of fds.splice(0)) closeSync(fd);
});
afterAll(() => rmSync(folder, { recursive: true }));

function openPipe(): { reader: number; writer: number } {
  const reader = openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK);
  const writer = openSync(pipe, constants.O_WRONLY | constants.O_NONBLOCK);
  fds.push(reader, writer);
  return { reader, writer };
}

function readAll(fd: number): string {
  const buffer = Buffer.alloc(65_536);
  let text = '';
  try {
    for (let size = readSync(fd, buffer); size > 0; size = readSync(fd, buffer))
      text += buffer.toString('utf8', 0, size);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
  }
  return text;
}

/** A line of 1,000 bytes. */
const lineOf = (n: number) => `${String(n).padEnd(999, '.')}\n`;
const numbersIn = (text: string) =>
  text
    .split('\n')
    .filter(Boolean)
    .map((line) => Number(line.replaceAll('.', '')));
const upTo = (count: number) => Array.from({ length: count }, (_, n) => n);

test('a line has been written when write returns', () => {
  const { reader, writer } = openPipe();
  new LineWriter(writer, { onDropped: () => {} }).write('one\n');
  expect(readAll(reader)).toBe('one\n');
});

test('the backlog for a stalled reader is limited, and dropped lines are counted and reported once', async () => {
  const { reader, writer } = openPipe();
  const reports: number[] = [];
  const lines = new LineWriter(writer, { capacity: 50_000, onDropped: (count) => reports.push(count) });
  for (let n = 0; n < 1000; n++) lines.write(lineOf(n));
  let text = readAll(reader);
  while (reports.length === 0) {
    await sleep(5);
    text += readAll(reader);
  }
  const kept = numbersIn(text + readAll(reader));
  expect(kept).toEqual(upTo(kept.length));
  // The pipe's 64 KiB and our backlog of 50 lines.
  expect(kept.length).toBeGreaterThan(100);
  expect(kept.length).toBeLessThan(120);
  expect(reports).toEqual([1000 - kept.length]);
  lines.write(lineOf(1000));
  expect(numbersIn(readAll(reader))).toEqual([1000]);
  expect(reports).toHaveLength(1);
});

test('drops lines without an error if there is no reader', () => {
  const { reader, writer } = openPipe();
  const lines = new LineWriter(writer, { onDropped: () => {} });
  closeSync(reader);
  fds.splice(fds.indexOf(reader), 1);
  for (let n = 0; n < 1000; n++) lines.write(lineOf(n));
  lines.finish();
});

/** A process that logs 300 kB and ends. */
const ending = (end: string) => `
  const { LineWriter } = await import('./build/src/logging/line-writer.js');
  const lines = new LineWriter(process.stdout.fd, { onDropped: () => {} });
  process.on('exit', () => lines.finish());
  for (let n = 0; n < 300; n++) lines.write(String(n).padEnd(999, '.') + '\\n');
  ${end}`;

test.each([
  ['leaves of itself', '', 0],
  ['calls process.exit', 'process.exit(3)', 3],
  ['throws', 'throw new Error("on purpose")', 1],
])('a process that %s writes all its lines, also to a slow reader', async (_, end, code) => {
  const child = spawn(process.execPath, ['--input-type=module', '-e', ending(end)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  child.stdout.on('data', (chunk) => {
    text += chunk;
    child.stdout.pause();
    setTimeout(() => child.stdout.resume(), 5);
  });
  child.stderr.resume();
  const [exitCode] = await once(child, 'close');
  expect(exitCode).toBe(code);
  expect(numbersIn(text)).toEqual(upTo(300));
});

test('a reader that never resumes delays the exit of a process by at most a second', async () => {
  const child = spawn('sh', [
    '-c',
    'exec "$0" --input-type=module -e "$1" > "$2"',
    process.execPath,
    ending('console.error("end")'),
    pipe,
  ]);
  const reader = openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK);
  fds.push(reader);
  await once(child.stderr, 'data');
  const began = performance.now();
  const [code] = await once(child, 'exit');
  expect(code).toBe(0);
  expect(performance.now() - began).toBeLessThan(10_000);
});
