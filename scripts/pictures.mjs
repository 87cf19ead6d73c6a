// Takes the pictures of the documentation from the built server, in Debian's Chromium: node scripts/pictures.mjs
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { prepare } from './prepare.cjs';

/** As readers see it; the browser connects to another port, because this one may be in use. */
const URL = 'http://localhost:3000';
const DESKTOP = { viewport: { width: 1200, height: 800 } };
const PHONE = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 1.5, isMobile: true, hasTouch: true };
const START_TIMEOUT_MS = 30_000;

prepare();
const folder = mkdtempSync(join(tmpdir(), 'portero-pictures-'));
const server = spawn(process.execPath, ['dist/main.js'], {
  env: { PATH: process.env.PATH, ENV_FILE: 'none', PORT: '0', PUBLIC_URL: URL, DATA_DIR: folder, LOG_FORMAT: 'json' },
  stdio: ['ignore', 'pipe', 'inherit'],
});
let browser;
try {
  const port = await listening();
  browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', `--host-resolver-rules=MAP localhost:3000 127.0.0.1:${port}`],
  });
  await picture('swagger-ui', DESKTOP, '/docs');
  await picture('swagger-ui-dark', { ...DESKTOP, colorScheme: 'dark' }, '/docs', registerAndShowErrors);
  await picture('swagger-ui-phone', PHONE, '/docs', logIn);
  await picture('errors', DESKTOP, '/docs/errors');
  await picture('errors-phone', { ...PHONE, locale: 'es-ES', colorScheme: 'dark' }, '/docs/errors#username_taken');
} finally {
  await browser?.close();
  server.kill();
  await new Promise((resolve) => server.once('close', resolve));
  rmSync(folder, { recursive: true });
}

async function picture(name, options, path, prepared = async () => {}) {
  const page = await browser.newPage(options);
  await page.goto(URL + path);
  if (path === '/docs') await page.locator('.opblock').last().waitFor();
  await prepared(page);
  await page.screenshot({ path: `docs/pictures/${name}.png` });
  await page.close();
}

async function registerAndShowErrors(page) {
  const operation = await execute(page, 'register');
  await operation.locator('details.errors summary').click();
  await scrollTo(operation.locator('.responses-table').last());
}

async function logIn(page) {
  await scrollTo(await execute(page, 'login'));
}

async function execute(page, name) {
  const operation = page.locator(`#operations-Auth-${name}`);
  await operation.locator('.opblock-summary-control').click();
  await operation.locator('.execute').click();
  await operation.locator('.live-responses-table').waitFor();
  // The focus ring is for people who use the keyboard.
  await page.evaluate(() => document.activeElement.blur());
  return operation;
}

/** Scrolls an element to the top, below the bar. */
async function scrollTo(element) {
  await element.evaluate((node) => scrollTo(0, node.getBoundingClientRect().top + scrollY - 80));
}

/** Waits for the server. @returns its port */
async function listening() {
  const timer = setTimeout(() => server.kill(), START_TIMEOUT_MS);
  for await (const chunk of server.stdout) {
    const [, port] = /listens on http:[^"]*:(\d+)/.exec(String(chunk)) ?? [];
    if (port === undefined) continue;
    clearTimeout(timer);
    return port;
  }
  throw new Error('the server did not start');
}
