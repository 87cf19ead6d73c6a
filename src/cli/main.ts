#!/usr/bin/env node
import { portero } from './portero.js';

// In `portero … | head`, the reader ends first. This is no defect, so no stack is printed.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(1);
  throw error;
});

process.exitCode = await portero(process.argv.slice(2), process);
