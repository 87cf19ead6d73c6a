import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { Config } from '../../config/config.js';
import { SmtpConnection } from '../../mail/smtp-connection.js';
import { SmtpError } from '../../mail/smtp-error.js';
import { error, type Finding, ok, warning } from './finding.js';

const TIMEOUT_MS = 3000;
const CHANNEL = 'portero_doctor';

/** Whether notifications arrive. Without them, instances learn of a logout once a second only. */
export async function checkListen(databaseUrl: string): Promise<Finding> {
  const client = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: TIMEOUT_MS });
  client.on('error', () => {});
  try {
    await client.connect();
    const heard = new Promise<boolean>((resolve) => client.once('notification', () => resolve(true)));
    await client.query(`LISTEN ${CHANNEL}`);
    await client.query('SELECT pg_notify($1, $2)', [CHANNEL, '']);
    const arrived = await Promise.race([heard, sleep(TIMEOUT_MS, false, { ref: false })]);
    if (arrived) return ok('LISTEN', 'notifications arrive');
    return warning(
      'LISTEN',
      'notifications do not arrive, so other instances learn of a logout after up to a second',
      'Connect to PostgreSQL directly, or through a pooler in session mode.',
    );
  } finally {
    await client.end();
  }
}

export async function checkMail(config: Config): Promise<Finding> {
  const { smtp, requireVerifiedEmail, mailSignIn, registration } = config;
  if (smtp === undefined) {
    const needed = requireVerifiedEmail || mailSignIn || registration === 'private';
    const message = 'SMTP_URL is not set: mails are held, and not sent';
    return needed
      ? error('mail', message, 'Set SMTP_URL: your settings make users depend on mail.')
      : warning('mail', message, 'Set SMTP_URL, so that users can recover their accounts.');
  }
  const connection = new SmtpConnection(smtp, TIMEOUT_MS);
  try {
    await connection.check();
    connection.quit();
    return ok(
      'mail',
      `${smtp.host}:${smtp.port} accepts the connection${smtp.user === undefined ? '' : ' and the login'}`,
    );
  } catch (failure) {
    if (!(failure instanceof SmtpError)) throw failure;
    return error('mail', `${smtp.host}:${smtp.port}: ${failure.message}`, `${failure.hint ?? 'See docs/mail.md'}.`);
  }
}

export async function checkRedis(url: string): Promise<Finding> {
  const { createClient } = await import('@redis/client');
  const client = createClient({ url, socket: { connectTimeout: TIMEOUT_MS, reconnectStrategy: false } });
  client.on('error', () => {});
  try {
    await client.connect();
    await client.ping();
    return ok('Redis', 'it responds');
  } catch (failure) {
    return error(
      'Redis',
      `it does not respond: ${(failure as Error).message}`,
      'Check REDIS_URL. Until it responds, each instance counts the rate limits in its own memory.',
    );
  } finally {
    client.destroy();
  }
}

/** Whether clients find this service at `PUBLIC_URL`, through all proxies. */
export async function checkPublicUrl({ publicUrl }: Config): Promise<Finding> {
  const check = 'PUBLIC_URL';
  const url = `${publicUrl}/.well-known/oauth-authorization-server`;
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    const { issuer } = (await response.json()) as { issuer?: unknown };
    if (issuer === publicUrl) return ok(check, `${publicUrl} leads to a Portero server with this issuer`);
    return error(
      check,
      `${publicUrl} leads to a server with the issuer ${JSON.stringify(issuer ?? null).slice(0, 100)}`,
      'Set the same PUBLIC_URL on every instance, and let the proxy forward it to Portero.',
    );
  } catch (failure) {
    const { cause, message } = failure as Error;
    const reason = cause instanceof Error ? cause.message : message;
    return warning(check, `${url} can't be read: ${reason}`, 'Start the server, and check the proxy in front of it.');
  }
}

/** The settings of a proxy, as far as they contradict each other. */
export function checkProxySettings({ publicUrl, host, trustProxy }: Config): Finding[] {
  const check = 'proxy';
  const { protocol, hostname } = new URL(publicUrl);
  const isLocal = /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname);
  if (protocol === 'http:' && !isLocal) {
    const remedy = 'Use https: cookies are not Secure, and passwords can be read on the way.';
    return [error(check, `PUBLIC_URL=${publicUrl} is not encrypted`, remedy)];
  }
  // Portero speaks no TLS, so something else does.
  if (protocol === 'https:' && trustProxy === undefined) {
    const remedy =
      'Set TRUST_PROXY to the address of the proxy: otherwise all clients share the limits of its address.';
    return [warning(check, 'PUBLIC_URL is https, and TRUST_PROXY is not set', remedy)];
  }
  if (protocol === 'https:' && (host === '0.0.0.0' || host === '::')) {
    const remedy = 'Let Portero listen where only the proxy can reach it, such as HOST=127.0.0.1.';
    return [warning(check, `HOST=${host}: clients may reach Portero past the proxy`, remedy)];
  }
  return [ok(check, 'PUBLIC_URL, HOST and TRUST_PROXY fit together')];
}
