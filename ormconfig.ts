import { DataSource } from 'typeorm';
import { loadConfig } from './src/config/config.js';
import { environment } from './src/config/environment.js';
import { openDatabase } from './src/database/data-source.js';

/** The data source of TypeORM's own command line and of `npm run migration:…`, by the server's settings. */
export const database = openDatabase(loadConfig(environment()).config);

export default new DataSource(database.migrationOptions);
