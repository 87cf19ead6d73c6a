import { succeeds } from './other-program.js';

/** Debian's Python, which has Debian's modules. Another Python may come first in the PATH. */
export const PYTHON = '/usr/bin/python3';

/** Whether Python has these modules. */
export const hasModules = (...modules: string[]): boolean => succeeds(PYTHON, '-c', `import ${modules.join(', ')}`);

/** Whether PyJWT, a verifier that shares no code with Portero, is installed. */
export const hasPyJwt = (): boolean => hasModules('jwt', 'cryptography');
