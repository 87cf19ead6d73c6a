import { readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import type { Command } from 'commander';
import { porteroCommand } from '../../src/cli/portero.js';

/** docs/cli.md describes the commands that there are, and no others. */
const page = readFileSync('docs/cli.md', 'utf8');
const terminal = { env: {}, stdin: Readable.from([]), stdout: process.stdout, stderr: process.stderr };

interface Leaf {
  command: Command;
  /** As it is typed: `portero users show <user>`. */
  usage: string;
}

function leaves(command: Command, path: string[] = []): Leaf[] {
  const names = [...path, command.name()];
  if (command.commands.length > 0) return command.commands.flatMap((one) => leaves(one as Command, names));
  const values = command.registeredArguments.map((one) => (one.required ? `<${one.name()}>` : `[${one.name()}]`));
  return [{ command, usage: [...names, ...values].join(' ') }];
}

const program = await porteroCommand(terminal, () => {});
const commands = leaves(program);
const sections = new Map(
  page
    .split(/^## (?=portero )/m)
    .slice(1)
    .map((text) => [text.split('\n')[0] as string, text]),
);

test('docs/cli.md has exactly one section for each command, with its arguments', () => {
  expect([...sections.keys()].sort()).toEqual(commands.map(({ usage }) => usage).sort());
});

test.each(commands.map(({ usage, command }) => [usage, command] as const))(
  'the section of %s lists exactly its options, and has an example with its output',
  (usage, command) => {
    const section = sections.get(usage) ?? '';
    const listed = [...section.matchAll(/^\| (`--.*?) \|/gm)].flatMap(([, cell = '']) =>
      [...cell.matchAll(/`([^`]+)`/g)].map(([, flags]) => flags),
    );
    expect(listed.sort()).toEqual(command.options.map(({ flags }) => flags).sort());
    const example = new RegExp(`^\\$ (?:.* \\| )?${usage.replace(/ [<[].*/, '')}\\b.*\\n(?!\\$).+`, 'm');
    expect(section).toMatch(example);
  },
);

test('every example in docs/cli.md calls a command that exists', () => {
  for (const [, line = ''] of page.matchAll(/^\$ (.+)$/gm)) {
    const words = line
      .replace(/^.* \| /, '')
      .replace(/^portero /, '')
      .split(' ');
    expect([
      line,
      commands.some(
        ({ usage }) => usage.startsWith(`portero ${words.slice(0, 2).join(' ')}`) || usage === `portero ${words[0]}`,
      ),
    ]).toEqual([line, true]);
  }
});

test('the help of portero is the same whether its commands are loaded or not', async () => {
  const outlined = await porteroCommand(terminal, () => {}, []);
  expect(outlined.helpInformation()).toBe(program.helpInformation());
});
