import { Command, Option } from 'commander';
import { MAIL_TOPIC } from '../mail/mails.js';
import type { EntryState } from '../outbox/entry.js';
import { table, when } from './table.js';
import { print, type Terminal } from './terminal.js';
import { wholeNumber } from './whole-number.js';
import { listedMail, mailJson, withMails } from './with-mails.js';

interface Options {
  state?: EntryState;
  limit: number;
  json?: true;
}

/** `portero mail list` */
export function mailListCommand(terminal: Terminal): Command {
  return new Command('list')
    .description('List mails, newest first, for 7 days after they were sent, held or given up.')
    .addOption(new Option('--state <state>', 'only mails in this state').choices(['waiting', 'held', 'sent', 'dead']))
    .option('--limit <n>', 'maximum number of mails; 0 for all', wholeNumber, 50)
    .option('--json', 'print one JSON object')
    .action((options: Options) => list(terminal, options));
}

async function list(terminal: Terminal, { json, ...wanted }: Options): Promise<void> {
  const mails = (await withMails(terminal, (rows) => rows.list(MAIL_TOPIC, wanted))).map(listedMail);
  if (json) return print(terminal, JSON.stringify({ mails: mails.map(mailJson) }));
  const rows = mails.map(({ id, state, mail, attempts, createdAt, lastError }) => [
    id,
    when(createdAt),
    state,
    String(attempts),
    mail?.name ?? '-',
    mail?.to ?? '-',
    lastError ?? '-',
  ]);
  const header = ['MAIL', 'QUEUED', 'STATE', 'ATTEMPTS', 'KIND', 'TO', 'LAST ERROR'];
  print(terminal, rows.length > 0 ? table(header, rows) : 'no mails');
}
