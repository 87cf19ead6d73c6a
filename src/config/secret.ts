import { hkdfSync, randomBytes } from 'node:crypto';
import { existsSync, linkSync, readFileSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createDataDir } from './data-dir.js';
import { ConfigError } from './setting.js';
import { StartError } from './start-error.js';

const MINIMUM_BYTES = 32;
const EXAMPLE = '"$(openssl rand -base64 32 | tr +/ -_ | tr -d =)"';

/** Each purpose has its own derived key, from which the others can't be computed. */
export type KeyPurpose =
  | 'seal'
  | 'password-pepper'
  | 'refresh-token'
  | 'session-cookie'
  | 'csrf-token'
  | 'abuse-counts'
  | 'device-cookie'
  | 'codes'
  | 'pending-sign-ins'
  | 'passkey-challenge';

/** `PORTERO_SECRET`. Callers get derived keys, never the secret itself. */
export class Secret {
  readonly #bytes: Buffer;

  private constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** @throws ConfigError unless `text` is base64url of at least 32 bytes */
  static parse(text: string, name = 'PORTERO_SECRET'): Secret {
    if (!/^[A-Za-z0-9_-]+$/.test(text)) throw new ConfigError(name, 'must be base64url', EXAMPLE);
    const bytes = Buffer.from(text, 'base64url');
    if (bytes.length < MINIMUM_BYTES) {
      throw new ConfigError(name, `must hold at least ${MINIMUM_BYTES} bytes (it holds ${bytes.length})`, EXAMPLE);
    }
    return new Secret(bytes);
  }

  /**
   * Reads the secret file in the data folder, or generates it (mode 0600) at the first start.
   *
   * @throws StartError if there is a database but no secret file
   */
  static keptIn(dataDir: string): Secret {
    const path = join(dataDir, 'secret');
    if (!existsSync(path)) {
      if (existsSync(join(dataDir, 'postgres'))) {
        throw new StartError(
          `${path} is missing, and the database beside it can't be used without it. Restore the file, or set PORTERO_SECRET to its content`,
        );
      }
      createDataDir(dataDir);
      // Written under another name and then linked: a start that is killed leaves no partial file, and of two first
      // starts one wins.
      const draft = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`;
      writeFileSync(draft, `${randomBytes(MINIMUM_BYTES).toString('base64url')}\n`, { mode: 0o600, flush: true });
      try {
        linkSync(draft, path);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      } finally {
        unlinkSync(draft);
      }
    }
    const { mode, uid } = statSync(path);
    if ((mode & 0o077) !== 0 || (process.getuid !== undefined && uid !== process.getuid())) {
      throw new StartError(`${path} must belong to the user that runs Portero and be open to nobody else (mode 0600)`);
    }
    return Secret.parse(readFileSync(path, 'utf8').trim(), path);
  }

  /** A 32-byte key for one purpose (HKDF-SHA-256, RFC 5869). */
  derive(purpose: KeyPurpose): Buffer {
    return Buffer.from(hkdfSync('sha256', this.#bytes, '', `portero/${purpose}/v1`, 32));
  }
}
