// npm run migration:run | migration:revert
import { prepare } from './prepare.mjs';

prepare();
await import('../dist/migrate.js');
