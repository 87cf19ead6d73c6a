// npm run migration:run | migration:revert
import { prepare } from './prepare.cjs';

prepare();
await import('../dist/migrate.mjs');
