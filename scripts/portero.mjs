#!/usr/bin/env node
// ./portero, and npm exec --no -- portero
import { prepare } from './prepare.cjs';

prepare();
await import('../dist/portero.js');
