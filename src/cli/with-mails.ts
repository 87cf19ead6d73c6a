import { validate as isUuid } from 'uuid';
import { Clock } from '../clock/clock.js';
import type { Config } from '../config/config.js';
import { Sealing } from '../crypto/sealing.js';
import type { Mail } from '../mail/mail.js';
import type { SentMail } from '../mail/mailer.js';
import { type ListedEntry, OutboxRows } from '../outbox/outbox-rows.js';
import { CommandFailed } from './command-failed.js';
import type { Terminal } from './terminal.js';
import { withDatabase } from './with-database.js';

/** A mail in the outbox. Of a sent one, the contents are not kept. */
export interface ListedMail extends Omit<ListedEntry, 'payload' | 'state'> {
  state: ListedEntry['state'] | 'sending';
  mail: Mail | SentMail | undefined;
}

/** Runs work on the mails of the outbox. */
export function withMails<T>(terminal: Terminal, work: (rows: OutboxRows, config: Config) => Promise<T>): Promise<T> {
  return withDatabase(terminal, (session, config) =>
    work(new OutboxRows(session.manager, new Sealing(config), new Clock()), config),
  );
}

export function listedMail({ payload, state, ...entry }: ListedEntry): ListedMail {
  return { ...entry, state: entry.claimed ? 'sending' : state, mail: payload as Mail | SentMail | undefined };
}

/** @throws CommandFailed unless the text is an ID */
export function mailId(text: string): string {
  if (!isUuid(text)) throw new CommandFailed(`${JSON.stringify(text)} is not the ID of a mail`);
  return text;
}

/** What the JSON of all commands says of a mail. */
export function mailJson({ id, state, mail, attempts, createdAt, dueAt, settledAt, lastError }: ListedMail) {
  const due = state === 'waiting' ? dueAt : undefined;
  return {
    id,
    state,
    mail: mail?.name ?? null,
    to: mail?.to ?? null,
    language: mail?.language ?? null,
    attempts,
    created_at: createdAt.toISOString(),
    next_attempt_at: due?.toISOString() ?? null,
    settled_at: settledAt?.toISOString() ?? null,
    last_error: lastError,
  };
}
