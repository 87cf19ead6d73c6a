import { setTimeout as sleep } from 'node:timers/promises';
import { release } from '../../runner/clusters.js';
import { createDatabase, type TestDatabase } from '../../support/engine.js';
import { queueIn, resetMail } from '../../support/mails.js';
import { testOnPostgres } from '../../support/on-engine.js';
import { ServerProcess } from '../../support/process.js';
import { SECRET } from '../../support/server.js';
import { type Behaviour, SmtpTestServer } from '../../support/smtp.js';
import { onDatabase } from '../../support/tables.js';

/** Servers that are killed or stopped while they send, and two on one database. */
let smtp: SmtpTestServer;
let database: TestDatabase;
beforeEach(async () => {
  smtp = await SmtpTestServer.start();
  database = await createDatabase();
});
afterEach(async () => {
  await ServerProcess.killAll();
  await smtp.stop();
  await database.drop();
});

/** The lease is twice as long as a delivery may take. */
const settings = (timeout = '1s') => ({
  ...database.env,
  PORTERO_SECRET: SECRET,
  SMTP_URL: smtp.url,
  MAIL_TIMEOUT: timeout,
});
const LEASE_MS = 2000;
const PATIENCE = 90_000;

/** The recipients and IDs of the mails that have arrived. */
const arrivals = () => smtp.mails.map(({ messageId, recipients: [to] }) => `${to} ${messageId}`).sort();

/** Waits for the mails and then for longer than a lease, and stops the server. @returns the states of all entries */
async function settled(server: ServerProcess, mails: number): Promise<string[]> {
  await smtp.count(mails);
  await sleep(LEASE_MS + 1500);
  await server.kill('SIGTERM');
  return await onDatabase(database, async (source) => {
    const rows: { state: string }[] = await source.query('SELECT DISTINCT state FROM outbox');
    return rows.map(({ state }) => state);
  });
}

/** Starts a server that is killed at a step of sending a mail, and then another one, which sends what is left. */
async function killAt(step: (kill: () => void) => Behaviour): Promise<string> {
  const [id] = await queueIn(database, resetMail('ana@example.com'));
  await release(database.env.DATA_DIR as string);
  const first = ServerProcess.spawn(settings());
  smtp.behaviour = step(() => first.child.kill('SIGKILL'));
  expect((await first.exit).signal).toBe('SIGKILL');
  smtp.behaviour = {};
  const before = smtp.mails.length;
  expect(await settled(await ServerProcess.start(settings()), before + 1)).toEqual(['sent']);
  return `ana@example.com <${id}@localhost>`;
}

test(
  'sends a mail that was queued by a server that is gone',
  async () => {
    const [id] = await queueIn(database, resetMail('ana@example.com'));
    expect(await settled(await ServerProcess.start(settings()), 1)).toEqual(['sent']);
    expect(arrivals()).toEqual([`ana@example.com <${id}@localhost>`]);
  },
  PATIENCE,
);

test(
  'sends a mail once if the server that had claimed it is killed before its data',
  async () => {
    const mail = await killAt((kill) => ({
      recipient: () => {
        kill();
        return { code: 451 };
      },
    }));
    expect(arrivals()).toEqual([mail]);
  },
  PATIENCE,
);

test(
  'sends a mail once if the server is killed during the data',
  async () => {
    const mail = await killAt((kill) => ({ resetDuringData: true, onData: kill }));
    expect(arrivals()).toEqual([mail]);
    expect(smtp.seen.data).toBe(2);
  },
  PATIENCE,
);

test(
  'sends a mail twice, with one Message-ID, only if the server is killed between its acceptance and the commit',
  async () => {
    const mail = await killAt((kill) => ({
      beforeAnswer: async () => {
        kill();
        await sleep(200);
      },
    }));
    expect(arrivals()).toEqual([mail, mail]);
  },
  PATIENCE,
);

test(
  'finishes a delivery before it stops',
  async () => {
    await queueIn(database, resetMail('ana@example.com'));
    await release(database.env.DATA_DIR as string);
    const server = ServerProcess.spawn(settings('10s'));
    let exit: ReturnType<ServerProcess['kill']> | undefined;
    smtp.behaviour = {
      beforeAnswer: async () => {
        await server.listening();
        exit = server.kill('SIGTERM');
        await sleep(1000);
      },
    };
    await smtp.count(1);
    await server.exit;
    expect((await exit)?.code).toBe(0);
    smtp.behaviour = {};
    expect(await settled(await ServerProcess.start(settings()), 1)).toEqual(['sent']);
    expect(arrivals()).toHaveLength(1);
  },
  PATIENCE,
);

testOnPostgres(
  'two servers send each of 200 mails once, also to a server that takes almost as long as it may',
  async () => {
    const [one, two] = await Promise.all([ServerProcess.start(settings('2s')), ServerProcess.start(settings('2s'))]);
    const mails = Array.from({ length: 200 }, (_, index) => resetMail(`user-${index}@example.com`));
    const slow = new Set(mails.slice(0, 20).map(({ to }) => to));
    smtp.behaviour = { delayMs: 5, beforeAnswer: ({ recipients: [to] }) => sleep(slow.has(to as string) ? 1500 : 0) };
    const ids = await queueIn(database, ...mails);
    await smtp.count(200, 60_000);
    expect(await settled(one as ServerProcess, 200)).toEqual(['sent']);
    await (two as ServerProcess).kill('SIGTERM');
    expect(arrivals()).toEqual(mails.map(({ to }, index) => `${to} <${ids[index]}@localhost>`).sort());
    expect(smtp.seen.connections).toBeGreaterThanOrEqual(10);
  },
  PATIENCE,
);
