import { DataSource } from 'typeorm';
import { Clock } from '../../src/clock/clock.js';
import { Secret } from '../../src/config/secret.js';
import { Sealing } from '../../src/crypto/sealing.js';
import type { Mail } from '../../src/mail/mail.js';
import { MAIL_TOPIC, Mails } from '../../src/mail/mails.js';
import { OutboxRows } from '../../src/outbox/outbox-rows.js';
import type { TestDatabase } from './engine.js';
import { secrets } from './secrets.js';
import { SECRET, type TestServer } from './server.js';
import { onDatabase } from './tables.js';

let tokens = 0;

/** A mail to reset a password, whose link and code nothing may leak. */
export function resetMail(to: string, name = 'ana'): Mail {
  tokens += 1;
  const token = `reset-token-${tokens}-${Math.random().toString(36).slice(2).padEnd(10, '0')}`;
  secrets.add(token);
  const contents = {
    name,
    link: `http://localhost:3000/reset-password?token=${token}`,
    code: 'QWRT-ZPSD',
    expiresAt: '2026-11-26T00:00:00.000Z',
  };
  return { name: 'reset_password', to, language: 'en', contents };
}

/** Queues mails in one transaction and wakes the server. */
export async function queue(server: TestServer, ...mails: Mail[]): Promise<void> {
  await server.get(DataSource).transaction(async (manager) => {
    for (const mail of mails) await server.get(Mails).queue(manager, mail);
  });
  server.get(Mails).wake();
}

/** Queues mails in a database, as a server did before it was killed. @returns their IDs */
export function queueIn(database: TestDatabase, ...mails: Mail[]): Promise<string[]> {
  const sealing = new Sealing({ secret: Secret.parse(SECRET), secretPrevious: [] });
  return onDatabase(database, ({ manager: outside }) =>
    outside.transaction(async (manager) => {
      const rows = new OutboxRows(manager, sealing, new Clock());
      const ids: string[] = [];
      for (const mail of mails) ids.push(await rows.insert(manager, MAIL_TOPIC, mail));
      return ids;
    }),
  );
}

export interface OutboxRow {
  id: string;
  state: string;
  attempts: number;
  last_error: string | null;
  claimed_until: Date | null;
  waits_ms: number;
}

/** The rows of the outbox, oldest first. */
export async function outboxRows(server: TestServer): Promise<OutboxRow[]> {
  return await server.get(DataSource).query(
    `SELECT id, state, attempts, last_error, claimed_until,
       (extract(epoch FROM due_at - COALESCE($1::timestamptz, now())) * 1000)::float8 AS waits_ms
     FROM outbox ORDER BY id`,
    [server.clock.databaseTime()],
  );
}

/** Waits until the rows of the outbox have these states, oldest first. */
export async function untilStates(server: TestServer, ...states: string[]): Promise<OutboxRow[]> {
  for (const end = Date.now() + 15_000; ; ) {
    const rows = await outboxRows(server);
    const found = rows.map(({ state, attempts }) => `${state} ${attempts}`);
    if (JSON.stringify(found) === JSON.stringify(states)) return rows;
    if (Date.now() > end) throw new Error(`after 15 s: ${found.join(', ')}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
