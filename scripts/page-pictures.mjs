// Takes the pictures of docs/pages.md from the built server, in Debian's Chromium: node scripts/page-pictures.mjs, or with names
// of pictures only those: node scripts/page-pictures.mjs page-sign-in mail-new-device
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { prepare } from './prepare.cjs';

const FOLDER = 'docs/images';
const TOKEN = 'XzlQ7dK2mVbS4wNf0tRyXzlQ7dK2mVbS4wNf0tRyXzl';
const DESKTOP = { viewport: { width: 600, height: 480 } };
const PHONE = { viewport: { width: 340, height: 480 }, isMobile: true, hasTouch: true };
const LOOKS = [
  ['light', DESKTOP],
  ['dark', { ...DESKTOP, colorScheme: 'dark' }],
  ['phone', { ...PHONE, locale: 'es-ES' }],
];
const SCALE = 0.52;
const START_TIMEOUT_MS = 30_000;

/** Each page, and what is done before the picture. */
const PAGES = {
  'verify-email': [`verify-email?token=${TOKEN}`],
  'forgot-password': ['forgot-password'],
  'forgot-password-done': ['forgot-password', { login: 'ana' }],
  'reset-password': [`reset-password?token=${TOKEN}`],
  'reset-password-code': ['reset-password', { email: 'ana@example.com', code: 'BCDF-2345', new_password: '' }],
  'confirm-email': [`confirm-email?token=${TOKEN}`],
  'undo-email-change': [`undo-email-change?token=${TOKEN}`],
  'sign-in': [`sign-in?token=${TOKEN}`],
  'second-factor': [`second-factor?token=${TOKEN}`],
  'link-invalid': [`reset-password?token=${TOKEN}`, { new_password: 'another horse, another staple' }],
};
const MAILS = [
  'verify_email',
  'reset_password',
  'sign_in',
  'confirm_email_change',
  'email_changed',
  'already_registered',
  'new_device',
  'password_changed',
  'account_locked',
  'second_factor_added',
  'second_factor_removed',
  'recovery_code_used',
];
const chosen = process.argv.slice(2);

prepare();
mkdirSync(FOLDER, { recursive: true });
const folder = mkdtempSync(join(tmpdir(), 'portero-pictures-'));
const server = spawn(process.execPath, ['dist/main.js'], {
  env: {
    PATH: process.env.PATH,
    ENV_FILE: 'none',
    PORT: '0',
    DATA_DIR: folder,
    LOG_FORMAT: 'json',
    MAIL_SIGN_IN: 'on',
  },
  stdio: ['ignore', 'pipe', 'inherit'],
});
let browser;
try {
  const url = `http://127.0.0.1:${await listening()}`;
  browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
  for (const [name, [path, fields]] of Object.entries(PAGES)) {
    await picture(`page-${name}`, async (page) => {
      await page.goto(`${url}/account/${path}`);
      if (fields !== undefined) {
        for (const [field, value] of Object.entries(fields)) await page.fill(`[name=${field}]`, value);
        await page.click('button');
      }
    });
  }
  for (const name of MAILS) {
    await picture(`mail-${name.replaceAll('_', '-')}`, async (page, look) => {
      const language = look === 'phone' ? 'es' : 'en';
      await page.setContent(readFileSync(`test/golden/mails/${name}.${language}.html`, 'utf8'));
    });
  }
} finally {
  await browser?.close();
  server.kill();
  await new Promise((resolve) => server.once('close', resolve));
  rmSync(folder, { recursive: true });
}

/** Takes one picture of a page in all looks, side by side. */
async function picture(name, open) {
  if (chosen.length > 0 && !chosen.includes(name)) return;
  const shots = [];
  for (const [look, options] of LOOKS) {
    const page = await browser.newPage(options);
    await open(page, look);
    const shot = await page.screenshot({ fullPage: true });
    const width = Math.round(options.viewport.width * SCALE);
    shots.push(`<img width="${width}" src="data:image/png;base64,${shot.toString('base64')}">`);
    await page.close();
  }
  const page = await browser.newPage({ viewport: { width: 1000, height: 100 } });
  await page.setContent(
    `<body style="margin:0;display:inline-flex;gap:8px;align-items:start">${shots.join('')}</body>`,
  );
  await page.locator('body').screenshot({ path: `${FOLDER}/${name}.png`, omitBackground: true });
  await page.close();
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
