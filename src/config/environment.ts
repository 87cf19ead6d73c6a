import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';

/**
 * The process's environment over the `.env` file of the working directory: what is set outside wins.
 * The only reader of `process.env`.
 */
export function environment(file = '.env'): NodeJS.ProcessEnv {
  let text = '';
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  return { ...parseEnv(text), ...process.env };
}
