#!/usr/bin/env node
import { portero } from './portero.js';

// Standard output contains only the result of the command.
const toStandardError = (message: unknown) => {
  process.stderr.write(`portero: ${typeof message === 'object' ? JSON.stringify(message) : message}\n`);
};
const redirectLogs = async () => {
  const { Logger } = await import('@nestjs/common');
  Logger.overrideLogger({ log: () => {}, warn: toStandardError, error: toStandardError });
};

// In `portero … | head`, the reader ends first. This is no defect, so no stack is printed.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(1);
  throw error;
});

process.exitCode = await portero(process.argv.slice(2), process, redirectLogs);
