import { Command } from 'commander';
import type { Config } from '../config/config.js';
import type { Mail } from '../mail/mail.js';
import { MailTemplates } from '../mail/mail-templates.js';
import { MAIL_TOPIC } from '../mail/mails.js';
import { Brand } from '../templates/brand.js';
import { Templates } from '../templates/templates.js';
import { CommandFailed } from './command-failed.js';
import { print, type Terminal } from './terminal.js';
import { type ListedMail, listedMail, mailId, mailJson, withMails } from './with-mails.js';

/** `portero mail show` */
export function mailShowCommand(terminal: Terminal): Command {
  return new Command('show')
    .description(
      'Show a mail with its link, which is secret: whoever has it can use it. Of a sent mail, the text is not kept.',
    )
    .argument('[id]', 'ID of the mail; by default the newest')
    .option('--json', 'print one JSON object')
    .action((id: string | undefined, options: { json?: true }) => show(terminal, id, options));
}

async function show(terminal: Terminal, id: string | undefined, { json }: { json?: true }): Promise<void> {
  const wanted = { limit: 1, ...(id === undefined ? {} : { id: mailId(id) }) };
  const { entry, config } = await withMails(terminal, async (rows, settings) => {
    const [found] = await rows.list(MAIL_TOPIC, wanted);
    return { entry: found, config: settings };
  });
  if (entry === undefined) throw new CommandFailed(id === undefined ? 'there are no mails' : `there is no mail ${id}`);
  const listed = listedMail(entry);
  const { mail } = listed;
  const isWhole = mail !== undefined && 'contents' in mail;
  const rendered = isWhole ? templates(config).render(mail as Mail) : undefined;
  if (json) {
    const [subject, text] = [rendered?.subject ?? null, rendered?.text ?? null];
    return print(terminal, JSON.stringify({ ...mailJson(listed), subject, text }));
  }
  print(terminal, [...head(listed, rendered?.subject), '', rendered?.text.trimEnd() ?? reason(listed)].join('\n'));
}

const templates = (config: Config) => new MailTemplates(new Templates(config), new Brand(config));

function head({ id, state, mail, lastError }: ListedMail, subject: string | undefined): string[] {
  return [
    `mail     ${id}`,
    `state    ${state}`,
    ...(lastError === null ? [] : [`error    ${lastError}`]),
    ...(mail === undefined ? [] : [`to       ${mail.to}`]),
    ...(subject === undefined ? [] : [`subject  ${subject}`]),
  ];
}

function reason({ mail }: ListedMail): string {
  return mail === undefined
    ? 'It was sealed with another PORTERO_SECRET.'
    : 'The text is not kept after a mail was sent.';
}
