import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { codeBlocks } from '../../support/code-blocks.js';
import { TestServer } from '../../support/server.js';

/** Executes the transcript of docs/second-factors.md, whose lines `# → …` are what it prints. */
const script = codeBlocks('docs/second-factors.md')
  .filter(({ language }) => language === 'sh')
  .map((block) => block.text)
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
  // Bash reads its start files if standard input is a socket.
  const bash = spawn('bash', ['-e', '-u', '-o', 'pipefail', '-c', local], { stdio: ['ignore', 'pipe', 'pipe'] });
  const [stdout, stderr] = await Promise.all([text(bash.stdout), text(bash.stderr), once(bash, 'close')]);
  expect({ lines: stdout.trim().split('\n'), stderr }).toEqual({ lines: printed, stderr: '' });
});
