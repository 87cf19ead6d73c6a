#!/usr/bin/env node
// npx portero
import { prepare } from './prepare.mjs';

prepare();
await import('../dist/src/cli/main.js');
