import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { TestServer } from '../../support/server.js';

/** The transcript in both READMEs, executed line by line against a new server. */
interface Step {
  command: string;
  expected: string;
}

let server: TestServer;
beforeEach(async () => {
  server = await TestServer.start({ RATE_LIMIT: 'on' });
});
afterEach(() => server.stop());

test.each(['README.md', 'README.es.md'])('every command of the session in %s has the output shown', async (file) => {
  const steps = readTranscript(file);
  expect(steps.length).toBeGreaterThanOrEqual(6);
  const outputs = await run(steps.map(({ command }) => command.replaceAll('http://localhost:3000', server.client.url)));
  steps.forEach(({ command, expected }, index) => {
    expect({ command, output: outputs[index] }).toEqual({
      command,
      output: expect.stringMatching(asPattern(expected)),
    });
  });
});

test('both READMEs show the same session', () => {
  const commands = (file: string) => readTranscript(file).map(({ command }) => command);
  expect(commands('README.es.md')).toEqual(commands('README.md'));
});

function readTranscript(file: string): Step[] {
  const block = /```console\n([\s\S]*?)```/.exec(readFileSync(file, 'utf8'))?.[1] ?? '';
  return block
    .split(/^\$ /m)
    .slice(1)
    .map((part) => {
      const [, command = '', expected = ''] = /^((?:.*\\\n)*.*)\n?([\s\S]*)$/.exec(part) as RegExpExecArray;
      return { command, expected: expected.trim() };
    });
}

/** Runs the commands in one shell, which keeps variables, and returns the output of each. */
async function run(commands: string[]): Promise<string[]> {
  const MARK = '=====next=====';
  const shell = spawn('bash', ['-s'], { stdio: ['pipe', 'pipe', 'inherit'] });
  let output = '';
  shell.stdout.on('data', (chunk) => {
    output += chunk;
  });
  shell.stdin.end(commands.map((command) => `${command}\nprintf '\\n%s\\n' '${MARK}'\n`).join(''));
  await new Promise((resolve) => shell.once('close', resolve));
  return output.split(MARK).map((part) => part.trim());
}

/** `…` matches any text. */
function asPattern(expected: string): RegExp {
  const parts = expected.split('…').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('[\\s\\S]*?')}$`);
}
