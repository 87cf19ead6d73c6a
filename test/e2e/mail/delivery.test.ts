import { DataSource } from 'typeorm';
import { Mails } from '../../../src/mail/mails.js';
import { outboxRows, queue, resetMail, untilStates } from '../../support/mails.js';
import { TestServer } from '../../support/server.js';
import { SmtpTestServer } from '../../support/smtp.js';

/** Mail from the outbox to an SMTP server: what arrives, and what happens if the server rejects it or fails. */
let smtp: SmtpTestServer;
let server: TestServer;
beforeAll(async () => {
  smtp = await SmtpTestServer.start();
  server = await TestServer.start({
    SMTP_URL: smtp.url,
    MAIL_FROM: 'Example <no-reply@example.com>',
    MAIL_REPLY_TO: 'help@example.com',
    MAIL_TIMEOUT: '2s',
  });
});
afterEach(async () => {
  smtp.behaviour = {};
  await server.get(DataSource).query('DELETE FROM outbox');
});
afterAll(async () => {
  await server.stop();
  await smtp.stop();
});

const HOUR = 3_600_000;

test('sends a queued mail, with the headers of an automatic mail', async () => {
  const mail = resetMail('ana@example.com');
  await queue(server, mail);
  const arrived = await smtp.next('ana@example.com');
  const [row] = await untilStates(server, 'sent 1');
  expect(arrived.from?.text).toBe('"Example" <no-reply@example.com>');
  expect(arrived.replyTo?.text).toBe('help@example.com');
  expect(arrived.messageId).toBe(`<${row?.id}@example.com>`);
  expect(arrived.headers.get('auto-submitted')).toBe('auto-generated');
  expect(arrived.text).toContain(mail.contents.link);
  expect(arrived.html).toContain(mail.contents.link);
  expect(Math.abs((arrived.date as Date).getTime() - Date.now())).toBeLessThan(10_000);
});

test('sends at once: ten mails, each queued after the one before has arrived, take less than ten polls', async () => {
  const began = performance.now();
  for (let mail = 0; mail < 10; mail += 1) {
    await queue(server, resetMail('eva@example.com'));
    await smtp.next('eva@example.com');
  }
  expect(performance.now() - began).toBeLessThan(5000);
});

test('sends nothing of a transaction that is rolled back', async () => {
  const mails = server.get(Mails);
  const failing = server.get(DataSource).transaction(async (manager) => {
    await mails.queue(manager, resetMail('rolled-back@example.com'));
    mails.wake();
    await new Promise((resolve) => setTimeout(resolve, 100));
    throw new Error('no');
  });
  await expect(failing).rejects.toThrow('no');
  await queue(server, resetMail('after@example.com'));
  await smtp.next('after@example.com');
  expect(smtp.to('rolled-back@example.com')).toEqual([]);
});

test('retries after a 4xx response, with the same Message-ID, and waits longer each time', async () => {
  smtp.behaviour.recipient = () => ({ code: 450, text: 'mailbox busy' });
  await queue(server, resetMail('busy@example.com'));
  const [first] = await untilUnclaimed('waiting 1');
  expect(first).toMatchObject({ claimed_until: null, last_error: expect.stringContaining('450 mailbox busy') });
  expect(first?.waits_ms).toBeGreaterThan(3000);
  expect(first?.waits_ms).toBeLessThan(5001);
  server.clock.advance(5000);
  const [second] = await untilUnclaimed('waiting 2');
  expect(second?.waits_ms).toBeGreaterThan(7000);
  expect(second?.waits_ms).toBeLessThan(10_001);
  smtp.behaviour = {};
  server.clock.advance(10_000);
  const arrived = await smtp.next('busy@example.com');
  expect(arrived.messageId).toBe(`<${second?.id}@example.com>`);
  expect(warnings('not delivered; it will be retried', second?.id)).toHaveLength(1);
});

test('gives up after a 5xx response, with its text as the reason', async () => {
  smtp.behaviour.recipient = () => ({ code: 550, text: 'no such user' });
  await queue(server, resetMail('nobody@example.com'));
  const [row] = await untilStates(server, 'dead 1');
  expect(row?.last_error).toMatch(/550 no such user/);
  expect(warnings('not delivered, and not to be retried', row?.id)).toEqual([
    expect.objectContaining({ level: 'error', topic: 'mail' }),
  ]);
});

test('gives up after a day of failures', async () => {
  smtp.behaviour.recipient = () => ({ code: 450 });
  await queue(server, resetMail('busy-for-long@example.com'));
  let attempts = 1;
  for (; ; attempts += 1) {
    const [row] = await untilUnclaimed(`waiting ${attempts}`, `dead ${attempts}`);
    if (row?.state === 'dead') break;
    expect(row?.waits_ms).toBeLessThan(HOUR + 1);
    server.clock.advance(HOUR);
    server.get(Mails).wake();
  }
  expect(attempts).toBeGreaterThan(20);
  expect(attempts).toBeLessThan(27);
}, 60_000);

test('a server that does not answer in time, and one that hangs up during the data, are temporary failures', async () => {
  smtp.behaviour.delayMs = 4000;
  await queue(server, resetMail('slow@example.com'));
  const [slow] = await untilUnclaimed('waiting 1');
  expect(slow?.last_error).toBe('no result after 2000 ms');
  smtp.behaviour = { resetDuringData: true };
  server.clock.advance(6000);
  const [reset] = await untilUnclaimed('waiting 2');
  expect(reset?.last_error).toMatch(/closed|ECONNRESET|EPIPE/i);
  smtp.behaviour = {};
  server.clock.advance(12_000);
  await smtp.next('slow@example.com');
  await untilStates(server, 'sent 3');
});

test('a line break in a name, a subject or an address adds no header and no recipient', async () => {
  const evil = 'ana\r\nBcc: evil@example.com\r\n\r\nforged';
  await queue(server, resetMail('victim@example.com', evil));
  const arrived = await smtp.next('victim@example.com');
  expect([arrived.recipients, arrived.headers.has('bcc')]).toEqual([['victim@example.com'], false]);
  const lists = ['a@example.com, evil@example.com', 'a@example.com\r\nRCPT TO:<evil@example.com>', '<a@example.com>'];
  await queue(server, ...lists.map((to) => resetMail(to)));
  const rows = await untilStates(server, 'sent 1', 'dead 1', 'dead 1', 'dead 1');
  expect(rows.slice(1).map(({ last_error: error }) => error)).toEqual(
    lists.map(() => 'the recipient is not an email address'),
  );
  expect(smtp.to('evil@example.com')).toEqual([]);
});

test('stores no link of a mail in the clear, not even one that the server quotes in its response', async () => {
  const mail = resetMail('filtered@example.com');
  smtp.behaviour.data = () => ({ code: 554, text: `the link ${mail.contents.link} and QWRT-ZPSD look like spam` });
  await queue(server, mail);
  const [row] = await untilStates(server, 'dead 1');
  expect(row?.last_error).toContain('554 the link … and … look like spam');
  expect(JSON.stringify(server.log)).not.toContain(mail.contents.link);
  expect(JSON.stringify(server.log)).not.toContain('filtered@example.com');
});

test('delivers mails that were queued while the server was stopped', async () => {
  const { port } = smtp;
  await smtp.stop();
  await queue(server, resetMail('later@example.com'));
  const [row] = await untilUnclaimed('waiting 1');
  expect(row?.last_error).toMatch(/ECONNREFUSED/);
  smtp = await SmtpTestServer.start({}, port);
  server.clock.advance(5000);
  await smtp.next('later@example.com');
});

/** Waits until the only row is in one of these states, and no attempt is in progress. */
async function untilUnclaimed(...states: string[]) {
  for (const end = Date.now() + 15_000; ; ) {
    const rows = await outboxRows(server);
    const [row] = rows;
    if (row && row.claimed_until === null && states.includes(`${row.state} ${row.attempts}`)) return rows;
    if (Date.now() > end) throw new Error(`after 15 s: ${JSON.stringify(row)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const warnings = (msg: string, id: string | undefined) =>
  server.log.filter((line) => line.msg === msg && line.id === id);
