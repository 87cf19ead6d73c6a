// npm start. CommonJS, like the entry that it loads: see src/config/thread-pool.ts.
const { prepare } = require('./prepare.cjs');

prepare();
// Runs in this process, so that a signal to `npm start` reaches the server.
require('../dist/main.js');
