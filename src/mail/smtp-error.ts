/** A delivery over SMTP failed. The message is for the operator. */
export class SmtpError extends Error {
  override name = 'SmtpError';

  constructor(
    message: string,
    /** Whether the server has rejected this mail for good (5xx, RFC 5321 §4.2.1). */
    readonly permanent: boolean,
    /** What the operator can do. */
    readonly hint?: string,
  ) {
    super(message);
  }
}

/** What nodemailer says of a failure. */
interface Failure extends Error {
  /** Its own kind of error, such as `EAUTH`. */
  code?: string;
  /** The code of the system, such as `ECONNREFUSED`. */
  originalCode?: string;
  responseCode?: number;
}

const CERTIFICATE = /certificate|CERT_|altnames/i;

const HINTS: [(failure: Failure) => boolean, string][] = [
  [
    ({ code }) => code === 'EAUTH',
    'check the user and the password in SMTP_URL; in a URL, special characters are written as %XX',
  ],
  [
    ({ message, originalCode }) => CERTIFICATE.test(`${originalCode} ${message}`),
    'the certificate of the server is not trusted or is for another name; for a CA of your own, set NODE_EXTRA_CA_CERTS',
  ],
  [
    ({ message }) => /wrong version number|packet length|unexpected message/i.test(message),
    'the port does not begin with TLS; use smtp:// for STARTTLS',
  ],
  [
    ({ code }) => code === 'ETLS',
    'the server does not offer STARTTLS; use smtps:// (port 465), or ?tls=off in a trusted network',
  ],
  [({ code }) => code === 'EDNS', 'check the host in SMTP_URL'],
  [
    ({ originalCode }) => originalCode === 'ECONNREFUSED',
    'nothing listens there; check the host and the port in SMTP_URL',
  ],
  [
    ({ code }) => code === 'ETIMEDOUT',
    'no response; check the port and whether a firewall blocks it; a port with TLS from the start needs smtps://',
  ],
];

/** Describes a failure in one line. @param inTransaction whether the server had accepted the connection and the login */
export function smtpError(thrown: unknown, inTransaction: boolean): SmtpError {
  const failure = thrown as Failure;
  // A server that rejects the connection or the login says nothing about the mail: the operator can fix the settings.
  const permanent = inTransaction && (failure.responseCode ?? 0) >= 500;
  const hint = inTransaction ? undefined : HINTS.find(([applies]) => applies(failure))?.[1];
  return new SmtpError(oneLine(failure.message), permanent, hint);
}

const MAX_LENGTH = 500;

function oneLine(text: string): string {
  const line = text.replace(/[\s\p{C}]+/gu, ' ').trim();
  return line.length > MAX_LENGTH ? `${line.slice(0, MAX_LENGTH)}…` : line;
}
