import { prepare } from './prepare.mjs';

prepare();
// Runs in this process, so that a signal to `npm start` reaches the server.
await import('../dist/main.js');
