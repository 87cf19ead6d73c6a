import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { StartError } from './start-error.js';

/**
 * The environment of the process, merged over the file that `ENV_FILE` names. The default file is `.env` in the working
 * directory, which may be missing; `ENV_FILE=none` reads no file. Nothing else reads `process.env`.
 *
 * @throws StartError if `ENV_FILE` names a file that does not exist
 */
export function environment(outside: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  return { ...readFile(outside), ...outside };
}

/** The names in the file of {@link environment}, all of which should be settings. @throws StartError */
export function namesInFile(outside: NodeJS.ProcessEnv = process.env): string[] {
  return Object.keys(readFile(outside));
}

function readFile(outside: NodeJS.ProcessEnv): NodeJS.Dict<string> {
  const named = outside.ENV_FILE || undefined;
  return named === 'none' ? {} : parseEnv(readEnvFile(named));
}

function readEnvFile(named: string | undefined): string {
  try {
    return readFileSync(named ?? '.env', 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    if (named === undefined) return '';
    throw new StartError(`ENV_FILE=${named} does not exist (for example ENV_FILE=/etc/portero.env, or ENV_FILE=none)`);
  }
}
