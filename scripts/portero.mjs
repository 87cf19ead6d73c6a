#!/usr/bin/env node
// ./portero, and npm exec --no -- portero
import { prepare } from './prepare.mjs';

prepare();
await import('../dist/portero.js');
