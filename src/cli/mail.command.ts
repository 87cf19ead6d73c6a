import { Command } from 'commander';
import { Clock } from '../clock/clock.js';
import { loadConfig } from '../config/config.js';
import { environment } from '../config/environment.js';
import { isMailAddress } from '../config/smtp.js';
import { MAIL_TOPIC } from '../mail/mails.js';
import { SmtpError } from '../mail/smtp-error.js';
import { sendTestMail } from '../mail/test-mail.js';
import { CommandFailed } from './command-failed.js';
import { mailListCommand } from './mail-list.command.js';
import { mailShowCommand } from './mail-show.command.js';
import { print, type Terminal } from './terminal.js';
import { mailId, withMails } from './with-mails.js';

interface Options {
  json?: true;
}

/** `portero mail` */
export function mailCommand(terminal: Terminal): Command {
  return new Command('mail')
    .description('Show, retry and test mails.')
    .addCommand(mailListCommand(terminal))
    .addCommand(mailShowCommand(terminal))
    .addCommand(
      new Command('retry')
        .description('Send a mail again that failed, was held, or waits for its next attempt.')
        .argument('<id>', 'ID of the mail')
        .option('--json', 'print one JSON object')
        .action((id: string, options: Options) => retry(terminal, id, options)),
    )
    .addCommand(
      new Command('test')
        .description('Send a test mail over SMTP_URL, and print the response of the SMTP server. It needs no database.')
        .argument('<address>', 'email address of the recipient')
        .option('--json', 'print one JSON object')
        .action((address: string, options: Options) => sendTest(terminal, address, options)),
    );
}

async function retry(terminal: Terminal, id: string, { json }: Options): Promise<void> {
  await withMails(terminal, async (rows) => {
    const [entry] = await rows.list(MAIL_TOPIC, { id: mailId(id), limit: 1 });
    if (entry === undefined) throw new CommandFailed(`there is no mail ${id}`);
    if (entry.state === 'sent') throw new CommandFailed(`the mail ${id} was sent`);
    const isDue = await rows.retry(MAIL_TOPIC, id);
    if (!isDue) throw new CommandFailed(`the mail ${id} is being sent`);
  });
  print(
    terminal,
    json ? JSON.stringify({ id, retried: true }) : `queued ${id}: a running server sends it within a second`,
  );
}

async function sendTest(terminal: Terminal, address: string, { json }: Options): Promise<void> {
  if (!isMailAddress(address)) throw new CommandFailed(`${JSON.stringify(address)} is not an email address`);
  const { config } = loadConfig(environment(terminal.env));
  if (config.smtp === undefined) throw new CommandFailed('SMTP_URL is not set; see docs/mail.md');
  const { host, port } = config.smtp;
  try {
    const response = await sendTestMail({ ...config, smtp: config.smtp }, address, new Clock());
    const accepted = { server: `${host}:${port}`, from: config.mailFrom.address, to: address, response };
    print(terminal, json ? JSON.stringify(accepted) : `${host}:${port} accepted the mail: ${response}`);
  } catch (error) {
    if (!(error instanceof SmtpError)) throw error;
    throw new CommandFailed(`${host}:${port}: ${error.message}${error.hint ? ` (${error.hint})` : ''}`);
  }
}
