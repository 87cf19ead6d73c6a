import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { loadConfig } from '../../src/config/config.js';
import { LIMITS, LOCKOUT } from '../../src/config/limits.js';
import { codeBlock } from '../support/code-blocks.js';

/** docs/configuration.md and the tables of both READMEs name the settings that there are. */
const PORTERO_SECRET = Buffer.alloc(32).toString('base64url');

const source = ['config', 'brand', 'mfa', 'smtp', 'thread-pool']
  .map((name) => readFileSync(`src/config/${name}.ts`, 'utf8'))
  .join('');
const settings = new Set([
  ...[...source.matchAll(/(?:read(?:<[^>]+>)?\(\s*|env\.)'?([A-Z][A-Z_0-9]+)/g)].map(([, name]) => name),
  ...[...Object.values(LIMITS), ...Object.values(LOCKOUT)].map(({ setting }) => setting),
]);

/** The names in the first column of a page's tables of settings. */
function listedIn(page: string): string[] {
  const cells = [...readFileSync(page, 'utf8').matchAll(/^\| ((?:`[A-Z_0-9…]+`(?:, )?)+) \|/gm)];
  return cells.flatMap(([, cell]) =>
    [...(cell as string).matchAll(/`([A-Z_0-9…]+)`/g)].map(([, name]) => name as string),
  );
}

test('docs/configuration.md lists exactly the existing settings', () => {
  expect(listedIn('docs/configuration.md').sort()).toEqual([...settings].sort());
});

test('both READMEs list the same settings, which exist', () => {
  const names = listedIn('README.md');
  expect(names).toEqual(expect.arrayContaining(['PUBLIC_URL', 'DATABASE_URL', 'CORS_ORIGINS', 'TRUST_PROXY']));
  expect(listedIn('README.es.md')).toEqual(names);
  // `LIMIT_…` stands for a group.
  expect(names.filter((name) => !name.endsWith('…') && !settings.has(name))).toEqual([]);
});

test('the .env file in docs/configuration.md is read as the page says', () => {
  const file = parseEnv(codeBlock('docs/configuration.md', 'PUBLIC_URL=')) as Record<string, string>;
  expect(Object.keys(file).sort()).toEqual(['ACCESS_TOKEN_TTL', 'DATABASE_URL', 'PUBLIC_URL']);
  expect(loadConfig({ ...file, PORTERO_SECRET }).config).toMatchObject({
    publicUrl: 'https://auth.example.com',
    databaseUrl: 'postgres://portero:password@db.internal:5432/portero',
    accessTokenTtl: 600_000,
  });
});
