import type { Config } from '../config/config.js';
import { VERSION } from '../config/version.js';
import type { Schema } from '../database/schema.js';

/** The lines logged after the start: version, migrations, URLs, the place of the data, and what to change for production. */
export function welcome(config: Config, address: string, { version, migrated }: Schema): string[] {
  const lines = [
    `Portero ${VERSION} on Node.js ${process.versions.node}, with the schema ${version}`,
    ...(migrated.length > 0 ? [`Migrations run: ${migrated.join(', ')}`] : []),
    `Portero listens on ${address}`,
    `Swagger UI: ${address}/docs`,
  ];
  if (config.databaseUrl !== undefined) {
    const { host, pathname } = new URL(config.databaseUrl);
    return [...lines, `Data: PostgreSQL at ${host}${pathname}`];
  }
  return [
    ...lines,
    `Data: the embedded database in ${config.dataDir}`,
    'The embedded database serves one process. Committed data survives a killed process but not a power failure',
    'To use PostgreSQL, set DATABASE_URL=postgres://user:password@host:5432/name and PORTERO_SECRET (docs/operations.md)',
  ];
}
