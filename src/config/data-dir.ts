import { accessSync, constants, existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { StartError } from './start-error.js';

const REASONS: Record<string, string> = {
  EACCES: 'this user has no permission',
  EPERM: 'this user has no permission',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
};

/**
 * Creates the data folder (mode 0700) and the folders above it, one after the other: Node.js' recursive `mkdir` never returns
 * for some folders, such as one in /proc.
 *
 * @param dataDir an absolute path
 * @throws StartError if it can't be created or written, or is no folder
 */
export function createDataDir(dataDir: string): void {
  const missing: string[] = [];
  let folder = dataDir;
  for (; !existsSync(folder); folder = dirname(folder)) missing.unshift(folder);
  if (!statSync(folder).isDirectory()) throw refused(dataDir, `${folder} is not a folder`);
  for (const path of missing) make(path, dataDir);
  try {
    accessSync(dataDir, constants.W_OK | constants.X_OK);
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    throw refused(dataDir, `it can't be written: ${REASONS[code] ?? message}`);
  }
}

function make(path: string, dataDir: string): void {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    // Another process may create it at the same time.
    if (code !== 'EEXIST') throw refused(dataDir, `${path} can't be created: ${REASONS[code] ?? message}`);
  }
}

function refused(dataDir: string, reason: string): StartError {
  return new StartError(
    `DATA_DIR=${dataDir} can't be used: ${reason}. Set DATA_DIR to a folder that this user may create and write`,
  );
}
