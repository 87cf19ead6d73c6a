import { execFileSync } from 'node:child_process';

/** Debian's Python, which has Debian's modules. Another Python may come first in the PATH. */
export const PYTHON = '/usr/bin/python3';

/** Whether PyJWT, a verifier that shares no code with Portero, is installed. */
export function hasPyJwt(): boolean {
  try {
    execFileSync(PYTHON, ['-c', 'import jwt, cryptography'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
