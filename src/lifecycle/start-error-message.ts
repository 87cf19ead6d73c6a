import { StartError } from '../config/start-error.js';
import { databaseUnavailable } from '../database/unavailable.js';

const FILE_FAULTS = new Set(['EACCES', 'EPERM', 'ENOENT', 'EISDIR', 'ENOTDIR', 'EEXIST', 'EROFS', 'ENOSPC']);

interface NetworkErrorFields {
  address?: string;
  port?: number;
  hostname?: string;
}

/** Returns a one-line message for an error that prevents the start, or undefined if the stack must be printed. */
export function startErrorMessage(error: unknown): string | undefined {
  if (error instanceof StartError) return error.message;
  if (!(error instanceof Error)) return undefined;
  const { code = '', syscall, address, port, hostname } = error as NodeJS.ErrnoException & NetworkErrorFields;
  if (syscall === 'listen' && code === 'EACCES')
    return `no permission to listen on port ${port}; set PORT to 1024 or more`;
  if (code === 'EADDRINUSE') return `${address}:${port} is in use by another process; set PORT to a free port`;
  if (code === 'EADDRNOTAVAIL') return `HOST=${address} is not an address of this machine`;
  if (FILE_FAULTS.has(code)) return `can't use the data folder or another file: ${error.message}`;
  // PostgreSQL: wrong password, no such role, no such database.
  if (syscall === 'getaddrinfo') return `the host ${hostname} (in HOST or DATABASE_URL) can't be found`;
  if (/^(28...|3D000)$/.test(code)) return `PostgreSQL rejects DATABASE_URL: ${error.message}`;
  if (/\bSSL\b|certificate/i.test(error.message))
    return `DATABASE_URL requires TLS, and the TLS connection failed: ${error.message}`;
  if (/unsupported startup parameter/.test(error.message)) {
    return `the pooler at DATABASE_URL rejects a connection setting (${error.message}); in PgBouncer set ignore_startup_parameters = statement_timeout`;
  }
  if (databaseUnavailable(error)) return `DATABASE_URL can't be reached: ${describe(error)}`;
  return undefined;
}

/** A host with several addresses has one error per address. */
function describe(error: Error): string {
  return error instanceof AggregateError ? error.errors.map((one: Error) => one.message).join(', ') : error.message;
}
