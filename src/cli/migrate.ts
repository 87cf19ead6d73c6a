import { migrate } from '../database/migrate.js';
import { startErrorMessage } from '../lifecycle/start-error-message.js';

// `npm run migration:run | migration:revert`
try {
  // Imported here, because it reads the settings, which may be invalid.
  const { default: dataSource, database } = await import('../../ormconfig.js');
  process.stderr.write(`portero: migrations on ${database.name}\n`);
  await dataSource.initialize();
  try {
    const names = await migrate(dataSource, process.argv[2] === 'revert' ? 'revert' : 'run');
    console.log(names.length > 0 ? names.join('\n') : 'nothing to do');
  } finally {
    await dataSource.destroy();
    await database.close();
  }
} catch (error) {
  const message = startErrorMessage(error);
  if (message === undefined) throw error;
  process.stderr.write(`portero: ${message}\n`);
  process.exitCode = 1;
}
