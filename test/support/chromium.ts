import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const EXECUTABLE = '/usr/bin/chromium';

/** Whether Debian's Chromium is installed. In CI it must be, so there the tests fail without it. */
export const hasChromium = existsSync(EXECUTABLE) || process.env.CI !== undefined;

/** Starts Chromium without a window. Close it at the end. */
export function launchChromium(): Promise<Browser> {
  return chromium.launch({ executablePath: EXECUTABLE, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
}
