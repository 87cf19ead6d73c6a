import { existsSync, readFileSync } from 'node:fs';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { isPostgres } from './engine.js';
import { testOnEmbedded, testWithProgram } from './on-engine.js';

/** Debian's package `chromium`. */
const PATH = '/usr/bin/chromium';
const isThere = existsSync(PATH);

/** `test` with a browser. Pages do not depend on the database, so the slow browser runs on one of the two only. */
export const testInChromium = isPostgres
  ? testOnEmbedded
  : testWithProgram(isThere, `needs ${PATH}; Debian: apt-get install chromium`);

/** A browser, or undefined where the tests that need it are skipped. */
export async function launchChromium(): Promise<Browser | undefined> {
  return isThere && !isPostgres ? await chromium.launch({ executablePath: PATH, args: ['--no-sandbox'] }) : undefined;
}

/** A tab, with the errors that its console and its pages reported. Violations of the CSP are among them. */
export async function openTab(
  browser: Browser | undefined,
  options: BrowserContextOptions = {},
): Promise<{ page: Page; errors: string[] }> {
  const page = await (browser as Browser).newPage({
    viewport: { width: 1200, height: 800 },
    reducedMotion: 'reduce',
    ...options,
  });
  page.setDefaultTimeout(10_000);
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(String(error)));
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) errors.push(message.text());
  });
  return { page, errors };
}

const AXE = readFileSync('node_modules/axe-core/axe.min.js', 'utf8');

/** The violations of WCAG 2.2, levels A and AA, that axe finds on a page, except those of the given rules. */
export async function violations(page: Page, except: string[] = []): Promise<string[]> {
  await page.evaluate(AXE);
  const { violations: found } = await page.evaluate<{ violations: { id: string; nodes: { html: string }[] }[] }>(
    "axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] })",
  );
  return found
    .filter(({ id }) => !except.includes(id))
    .flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 200)}`));
}
