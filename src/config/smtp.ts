import { isIP } from 'node:net';
import { ConfigError, duration, type Parser, type Read, url } from './setting.js';

/** How mail is sent. */
export interface MailSettings {
  /** If undefined, mail is held in the outbox. */
  readonly smtp: SmtpServer | undefined;
  readonly mailFrom: Mailbox;
  readonly mailReplyTo: Mailbox | undefined;
  /** How long one delivery may take. */
  readonly mailTimeout: number;
}

export interface SmtpServer {
  host: string;
  port: number;
  /** `implicit`: from the first byte. `starttls`: required after the greeting. Certificates are always verified. */
  tls: 'implicit' | 'starttls' | 'off';
  user: string | undefined;
  password: string | undefined;
  /** Whether the server is on another machine. */
  remote: boolean;
}

export interface Mailbox {
  name: string;
  address: string;
}

const EXAMPLE = 'smtp://user:password@smtp.example.com:587';
const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/;
/** No quotes, spaces or control characters: nothing that could end a header or an SMTP command. */
const ADDRESS = /^[^\s\p{C}"(),:;<>@[\\\]]{1,64}@([^\s\p{C}"(),:;<>@[\\\]]{1,253}|\[[\w.:]{1,45}\])$/u;

/** Reads the settings of mail. */
export function readMail(read: Read, publicUrl: string): MailSettings {
  return {
    smtp: read<SmtpServer | undefined>('SMTP_URL', smtpServer, undefined),
    mailFrom: read('MAIL_FROM', mailbox, { name: 'Portero', address: `no-reply@${mailDomain(publicUrl)}` }),
    mailReplyTo: read<Mailbox | undefined>('MAIL_REPLY_TO', mailbox, undefined),
    mailTimeout: read('MAIL_TIMEOUT', duration('1m', { min: 1000, max: 600_000 }), 60_000),
  };
}

/** A warning if mail is sent without encryption over a network. */
export function warningsAboutMail({ smtp }: MailSettings): string[] {
  if (smtp?.tls !== 'off' || !smtp.remote) return [];
  return ['SMTP_URL has tls=off: mails, their links and the password of the SMTP server are sent without encryption'];
}

/** Whether a text is a plain email address, without a name. */
export function isMailAddress(text: string): boolean {
  return text.length <= 320 && ADDRESS.test(text);
}

const smtpServer: Parser<SmtpServer> = (text, name) => {
  const parsed = new URL(url(EXAMPLE, 'smtp', 'smtps')(text, name));
  const { protocol, hostname, port, pathname, hash, searchParams, username, password } = parsed;
  if (hostname === '') throw new ConfigError(name, 'must have a host', EXAMPLE);
  if (!/^\/?$/.test(pathname) || hash) throw new ConfigError(name, 'must have no path and no fragment', EXAMPLE);
  if ((username === '') !== (password === '')) {
    throw new ConfigError(name, 'must have both a user and a password, or neither', EXAMPLE);
  }
  const implicit = protocol === 'smtps:';
  const remote = !LOOPBACK.test(hostname);
  const tls = searchParams.get('tls');
  const isKnown = tls === null ? searchParams.size === 0 : searchParams.size === 1 && /^(required|off)$/.test(tls);
  if (!isKnown)
    throw new ConfigError(name, 'may have only the parameter tls=required or tls=off', `${EXAMPLE}?tls=off`);
  if (implicit && tls === 'off')
    throw new ConfigError(name, 'contradicts itself: smtps:// is TLS, tls=off is not', EXAMPLE);
  const plain = tls === 'off' || (tls === null && !remote);
  return {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? (implicit ? 465 : 587) : Number(port),
    tls: implicit ? 'implicit' : plain ? 'off' : 'starttls',
    user: username === '' ? undefined : decodeURIComponent(username),
    password: password === '' ? undefined : decodeURIComponent(password),
    remote,
  };
};

const mailbox: Parser<Mailbox> = (text, name) => {
  const example = '"Example <no-reply@example.com>"';
  const [, display = '', bracketed] = /^([^<>]*)<([^<>]+)>$/.exec(text) ?? [];
  const address = (bracketed ?? text).trim();
  if (!isMailAddress(address) || /\p{C}/u.test(display)) {
    throw new ConfigError(name, 'must be an email address, or a name and an address in angle brackets', example);
  }
  return { name: display.trim().replace(/^"(.*)"$/, '$1'), address };
};

/** The host of a URL as the domain of an address (RFC 5321 §4.1.3: IP addresses are literals). */
function mailDomain(publicUrl: string): string {
  const host = new URL(publicUrl).hostname;
  if (isIP(host) === 4) return `[${host}]`;
  return host.startsWith('[') ? `[IPv6:${host.slice(1)}` : host;
}
