import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { codeBlocks } from '../../support/code-blocks.js';
import { TestServer } from '../../support/server.js';

/** Executes the transcript of docs/second-factors.md, whose lines `# → …` are what it prints. */
const script = codeBlocks('docs/second-factors.md')
  .filter(({ language }) => language === 'sh')
  .map(({ text }) => text)
  .join('\n');

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => TestServer.stopAll());

test('the transcript of docs/second-factors.md prints what it says', async () => {
  const printed = [...script.matchAll(/^# → (.*)$/gm)].map(([, line]) => line);
  expect(printed.length).toBeGreaterThanOrEqual(6);
  const local = script.replaceAll('http://localhost:3000', server.client.url);
  const { stdout, stderr } = await promisify(execFile)('bash', ['-e', '-u', '-o', 'pipefail', '-c', local]);
  expect({ lines: stdout.trim().split('\n'), stderr }).toEqual({ lines: printed, stderr: '' });
});
