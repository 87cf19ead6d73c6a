import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataSource } from 'typeorm';
import { openDatabase } from '../data-source.js';
import { migrate } from '../migrate.js';
import { EmbeddedDatabase, TEMPLATE } from './embedded-database.js';

// A build step: creates the migrated database cluster that first starts load.
const dataDir = await mkdtemp(join(tmpdir(), 'portero-template-'));
try {
  const { options, close } = openDatabase({ databaseUrl: undefined, dataDir });
  const dataSource = await new DataSource(options).initialize();
  await migrate(dataSource);
  await dataSource.destroy();
  await close();
  const embedded = new EmbeddedDatabase(dataDir);
  const dump = await (await embedded.open()).dumpDataDir('gzip');
  await writeFile(TEMPLATE, Buffer.from(await dump.arrayBuffer()));
  await embedded.close();
} finally {
  await rm(dataDir, { recursive: true, force: true });
}
