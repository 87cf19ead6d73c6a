import { createHash } from 'node:crypto';
import { Injectable, Logger } from '@nestjs/common';
import { Config } from '../config/config.js';
import { Unavailable } from '../problems/http.errors.js';

/** Until the last byte of the response, in milliseconds. */
const TIMEOUT_MS = 1000;
/** A padded range is about 60 kB. */
const MAX_BYTES = 1024 * 1024;
const RETRY_AFTER_SECONDS = 10;

/** The range could not be loaded. The message contains nothing of the password, not even the prefix of its hash. */
class RangeUnknown extends Error {}

/**
 * Checks whether a password appears in a known breach, with the range API of Have I Been Pwned
 * (https://haveibeenpwned.com/API/v3#PwnedPasswords): only the first five hex digits of its SHA-1 are
 * sent. Disabled by default (`PASSWORD_BREACH_CHECK`).
 */
@Injectable()
export class BreachCheck {
  readonly #logger = new Logger(BreachCheck.name);

  constructor(private readonly config: Config) {}

  /**
   * @throws Unavailable if the service does not respond and `PASSWORD_BREACH_ON_ERROR` is `refuse`; with `allow`, the
   * password counts as not breached
   */
  async finds(password: string): Promise<boolean> {
    if (this.config.passwordBreachCheck === 'off') return false;
    const hash = createHash('sha1').update(password, 'utf8').digest('hex').toUpperCase();
    try {
      return holds(await this.#range(hash.slice(0, 5)), hash.slice(5));
    } catch (error) {
      const cause = new RangeUnknown(`the breach check failed: ${reasonOf(error)}`);
      if (this.config.passwordBreachOnError === 'refuse') {
        throw new Unavailable({ cause, retryAfterSeconds: RETRY_AFTER_SECONDS });
      }
      this.#logger.warn(`${cause.message}; the password was accepted unchecked (PASSWORD_BREACH_ON_ERROR=allow)`);
      return false;
    }
  }

  async #range(prefix: string): Promise<string> {
    const response = await fetch(this.config.hibpUrl + prefix, {
      // Padding hides from eavesdroppers which range it is.
      headers: { 'Add-Padding': 'true', 'User-Agent': 'portero' },
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (response.status !== 200 || response.body === null) {
      await response.body?.cancel();
      throw new RangeUnknown(`it answered ${response.status}`);
    }
    const chunks: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of response.body) {
      size += chunk.byteLength;
      if (size > MAX_BYTES) throw new RangeUnknown('its answer is too long');
      chunks.push(chunk);
    }
    return Buffer.concat(chunks).toString('latin1');
  }
}

/** @throws RangeUnknown if the text is not a range; ranges are never empty */
function holds(range: string, suffix: string): boolean {
  let found = false;
  for (const line of range.trim().split(/\r?\n/)) {
    const [, candidate, count] = /^([0-9A-F]{35}):(\d+)$/i.exec(line) ?? [];
    if (candidate === undefined) throw new RangeUnknown('its answer is not a range');
    // Padding entries have a count of zero.
    if (candidate.toUpperCase() === suffix && Number(count) > 0) found = true;
  }
  return found;
}

function reasonOf(error: unknown): string {
  if (error instanceof RangeUnknown) return error.message;
  const { name, cause } = error as { name?: string; cause?: { code?: string; message?: string } };
  if (name === 'TimeoutError') return `no answer within ${TIMEOUT_MS} ms`;
  return cause?.code ?? cause?.message ?? name ?? 'unknown';
}
