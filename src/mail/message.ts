import { isMailAddress, type Mailbox } from '../config/smtp.js';
import { Undeliverable } from '../outbox/entry.js';
import type { RenderedMail } from './mail.js';

/** The headers of a mail that are not part of its text. */
export interface MessageHeaders {
  /** The ID of the entry in the outbox. All attempts have the same `Message-ID`, so a mail that arrives twice can be recognised. */
  id: string;
  date: Date;
  from: Mailbox;
  replyTo: Mailbox | undefined;
  to: string;
}

/**
 * A mail as bytes (RFC 5322), with its text as plain text and HTML.
 *
 * @throws Undeliverable if the recipient is not one plain address
 */
export async function composeMessage(
  { id, date, from, replyTo, to }: MessageHeaders,
  { subject, text, html }: RenderedMail,
): Promise<Buffer> {
  // A list of addresses, or one with a line break, would reach recipients that nobody has checked.
  if (!isMailAddress(to)) throw new Undeliverable('the recipient is not an email address');
  const { default: MailComposer } = await import('nodemailer/lib/mail-composer');
  const domain = from.address.slice(from.address.lastIndexOf('@') + 1);
  const message = new MailComposer({
    from,
    ...(replyTo === undefined ? {} : { replyTo }),
    to: { name: '', address: to },
    subject: subject.replace(/[\s\p{C}]+/gu, ' ').trim(),
    date,
    messageId: `<${id}@${domain}>`,
    // RFC 3834 §5: out-of-office replies and the like do not answer.
    headers: { 'Auto-Submitted': 'auto-generated' },
    text,
    html,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return await message.compile().build();
}
