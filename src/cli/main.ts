#!/usr/bin/env node
import { Logger } from '@nestjs/common';
import { portero } from './portero.js';

// Standard output contains only the result of the command.
const toStandardError = (message: unknown) => {
  process.stderr.write(`portero: ${typeof message === 'object' ? JSON.stringify(message) : message}\n`);
};
Logger.overrideLogger({ log: () => {}, warn: toStandardError, error: toStandardError });

// In `portero … | head`, the reader ends first. This is no defect, so no stack is printed.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(1);
  throw error;
});

process.exitCode = await portero(process.argv.slice(2), process);
