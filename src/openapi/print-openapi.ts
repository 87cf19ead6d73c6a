import { createApp } from '../app.setup.js';
import { loadConfig } from '../config/config.js';
import { createDocument } from './document.js';

// Writes the document to standard output, without a database or a port.
const secret = Buffer.alloc(32).toString('base64url');
const { config } = loadConfig({ PORTERO_SECRET: secret, LOG_LEVEL: 'silent' });
const app = await createApp(config, { preview: true });
process.stdout.write(`${JSON.stringify(createDocument(app), null, 2)}\n`);
