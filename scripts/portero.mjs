#!/usr/bin/env node
// npx portero
import { prepare } from './prepare.mjs';

prepare();
await import('../dist/portero.js');
