// npm run migration:run | migration:revert
import { prepare } from './prepare.mjs';

prepare();
const { startRefusal } = await import('../dist/src/start-refusal.js');
try {
  const { migrate } = await import('../dist/src/database/migrate.js');
  const { default: dataSource, database } = await import('../dist/ormconfig.js');
  process.stderr.write(`portero: migrations on ${database.name}\n`);
  await dataSource.initialize();
  try {
    const names = await migrate(dataSource, process.argv[2]);
    console.log(names.length > 0 ? names.join('\n') : 'nothing to do');
  } finally {
    await dataSource.destroy();
    await database.close();
  }
} catch (error) {
  const refusal = startRefusal(error);
  if (refusal === undefined) throw error;
  process.stderr.write(`portero: ${refusal}\n`);
  process.exitCode = 1;
}
