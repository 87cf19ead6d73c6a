import { PASSWORD } from '../../support/client.js';
import { testWhere } from '../../support/on-engine.js';
import { PorteroCommand } from '../../support/portero-command.js';
import { hasPseudoTerminals } from '../../support/pseudo-terminal.js';
import { secrets } from '../../support/secrets.js';

/** Questions on a terminal: passwords without echo, and confirmations. */
const testOnTerminal = testWhere(hasPseudoTerminals, 'needs `script` of util-linux');
secrets.add(PASSWORD);

let command: PorteroCommand;
beforeEach(async () => {
  command = await PorteroCommand.create();
});
afterEach(() => command.remove());

const type: PorteroCommand['onTerminal'] = (...all) => command.onTerminal(...all);
const users = async () => (await command.run(['users', 'list', '--json'])).stdout.split('\n').filter(Boolean).length;

testOnTerminal('a password is asked for twice, and never shown', async () => {
  const { code, screen } = await type(
    'users create ana',
    ['Password: ', `${PASSWORD}\r`],
    ['Repeat the password: ', `${PASSWORD}\r`],
  );
  expect({ code, screen }).toEqual({ code: 0, screen: 'Password: \nRepeat the password: \ncreated ana\n' });
  expect(await users()).toBe(1);
});

testOnTerminal('two different passwords, or Ctrl-C, change nothing', async () => {
  const differ = await type(
    'users create ana',
    ['Password: ', `${PASSWORD}\r`],
    ['Repeat the password: ', 'something else\r'],
  );
  expect([differ.code, differ.screen]).toEqual([
    1,
    expect.stringMatching(/portero: the two passwords differ; nothing was changed\n$/),
  ]);
  const cancelled = await type('users create ana', ['Password: ', 'secret\x03']);
  expect([cancelled.code, cancelled.screen]).toEqual([1, 'Password: \nportero: nothing was changed\n']);
  expect(await users()).toBe(0);
});

testOnTerminal(
  'names that are invalid or users who do not exist are reported before a password is asked for',
  async () => {
    expect((await type('users create ana --email nothing')).screen).toMatch(/^portero: email: /);
    expect((await type('users set-password nobody')).screen).toMatch(/^portero: there is no user "nobody"/);
  },
);

testOnTerminal('delete asks for confirmation, and only "y" or "yes" confirms', async () => {
  await command.run(['users', 'create', 'ana', '--no-password']);
  for (const answer of ['\r', 'n\r', 'ana\r', '\x03']) {
    const { code, screen } = await type('users delete ana', ['[y/N] ', answer]);
    expect([code, screen]).toEqual([1, expect.stringMatching(/portero: nothing was changed\n$/)]);
  }
  expect(await users()).toBe(1);
  const { code, screen } = await type('users delete ana', ['[y/N] ', 'y\r']);
  expect([code, screen]).toEqual([
    0,
    expect.stringMatching(/Delete ana \(\S{36}\) and all their data\? This cannot be undone\. \[y\/N\] /),
  ]);
  expect(await users()).toBe(0);
});
