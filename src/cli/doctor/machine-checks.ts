import { existsSync, statfsSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { error, type Finding, ok, warning } from './finding.js';

const MIB = 2 ** 20;
/** Less than this, and the embedded database or the log may soon fail. */
const DISK_ERROR_MIB = 100;
const DISK_WARNING_MIB = 1024;
/** Different bytes in a random secret of 32 bytes: fewer are practically impossible. */
const MIN_DIFFERENT_BYTES = 16;

/** @param version such as `22.11.0` */
export function checkNode(version: string = process.versions.node): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const check = 'Node.js';
  if (major < 20 || (major === 20 && minor < 19)) {
    return error(check, `version ${version} is too old`, 'Install Node.js 22, 24 or 26.');
  }
  if (major === 20) {
    return warning(
      check,
      `version ${version} has had no security fixes since April 2026`,
      'Install Node.js 22, 24 or 26.',
    );
  }
  if (major % 2 === 1) {
    return warning(check, `version ${version} is not a long-term release`, 'Install Node.js 22, 24 or 26.');
  }
  return ok(check, `version ${version}`);
}

/** Files that contain secrets must be open to their owner only. */
export function checkFileModes(env: NodeJS.ProcessEnv, dataDir: string): Finding[] {
  const file = env.ENV_FILE === 'none' ? undefined : resolve(env.ENV_FILE || '.env');
  const secretFile = env.PORTERO_SECRET ? undefined : join(dataDir, 'secret');
  return [file, secretFile]
    .filter((path): path is string => path !== undefined && existsSync(path))
    .map((path) => {
      const mode = statSync(path).mode & 0o777;
      const text = `${path} has mode 0${mode.toString(8)}`;
      return (mode & 0o077) === 0 ? ok('file mode', text) : error('file mode', text, `Run: chmod 600 ${path}`);
    });
}

/** Whether `PORTERO_SECRET` looks random. Its length is checked with the other settings. */
export function checkSecret(secret: string | undefined): Finding[] {
  if (!secret) return [];
  const different = new Set(Buffer.from(secret, 'base64url')).size;
  return different >= MIN_DIFFERENT_BYTES
    ? [ok('secret', 'PORTERO_SECRET looks random')]
    : [
        error(
          'secret',
          `PORTERO_SECRET has only ${different} different bytes, so it can be guessed`,
          'Generate one: openssl rand -base64 32 | tr +/ -_ | tr -d =. Keep the present one in PORTERO_SECRET_PREVIOUS.',
        ),
      ];
}

/** Free space where the data, or without them the program, are. */
export function checkDisk(folder: string): Finding {
  let existing = folder;
  while (!existsSync(existing)) existing = dirname(existing);
  const { bavail, blocks, bsize } = statfsSync(existing);
  const free = Math.floor((bavail * bsize) / MIB);
  const message = `${free} MiB of ${Math.floor((blocks * bsize) / MIB)} MiB are free in ${existing}`;
  const remedy = 'Free some space, or move DATA_DIR to a larger disk.';
  if (free < DISK_ERROR_MIB) return error('disk', message, remedy);
  return free < DISK_WARNING_MIB ? warning('disk', message, remedy) : ok('disk', message);
}
