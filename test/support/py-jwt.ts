import { execFileSync } from 'node:child_process';

/** Debian's, which has its modules; another one may come first on the PATH. */
export const PYTHON = '/usr/bin/python3';

/** Whether a verifier that shares no code with Portero is installed. */
export function hasPyJwt(): boolean {
  try {
    execFileSync(PYTHON, ['-c', 'import jwt, cryptography'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
