import type { Clock } from '../clock/clock.js';
import type { Config } from '../config/config.js';
import type { SmtpServer } from '../config/smtp.js';
import { uuidv7 } from '../crypto/uuidv7.js';
import { composeMessage } from './message.js';
import { SmtpConnections } from './smtp-connections.js';

type Settings = Pick<Config, 'mailFrom' | 'mailReplyTo' | 'mailTimeout' | 'publicUrl'> & { smtp: SmtpServer };

/**
 * Sends a mail without a link, not through the outbox.
 *
 * @returns the response of the SMTP server
 * @throws SmtpError
 */
export async function sendTestMail(settings: Settings, to: string, clock: Clock): Promise<string> {
  const { smtp, mailFrom: from, mailReplyTo: replyTo, mailTimeout, publicUrl } = settings;
  const text = `This is a test mail of the Portero server at ${publicUrl}. Nothing has to be done.\n`;
  const rendered = { subject: 'Test mail from Portero', text, html: `<!doctype html><p>${text.trim()}</p>` };
  const headers = { id: uuidv7(clock.now()), date: clock.date(), from, replyTo, to };
  const connections = new SmtpConnections(smtp, mailTimeout);
  try {
    return await connections.send({ from: from.address, to: [to] }, await composeMessage(headers, rendered));
  } finally {
    connections.close();
  }
}
