import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';

/** Whether `script` of util-linux is installed, which runs a command on a pseudo-terminal. */
export const hasPseudoTerminals = spawnSync('script', ['--version'], { encoding: 'utf8' }).stdout?.includes(
  'util-linux',
);

/**
 * Runs a command on a pseudo-terminal and types an answer whenever its question appears.
 *
 * @returns the exit code, and all that the terminal shows
 */
export async function onTerminal(
  command: string,
  env: Record<string, string>,
  dialogue: readonly [question: string, answer: string][],
): Promise<{ code: number; screen: string }> {
  const terminal = spawn('script', ['--quiet', '--return', '--command', command, '/dev/null'], { env });
  const rest = [...dialogue];
  let [screen, seen] = ['', 0];
  terminal.stdout.on('data', (chunk) => {
    screen += chunk;
    const [question, answer] = rest[0] ?? [];
    if (question === undefined || !screen.slice(seen).includes(question)) return;
    seen = screen.length;
    rest.shift();
    terminal.stdin.write(answer as string);
  });
  const [code] = await once(terminal, 'close');
  return { code, screen: screen.replaceAll('\r\n', '\n') };
}
