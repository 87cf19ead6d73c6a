import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { environment } from '../../src/config/environment.js';

test('reads a .env file, and environment variables take precedence', () => {
  const file = join(mkdtempSync(join(tmpdir(), 'portero-env-')), '.env');
  writeFileSync(file, '# a comment\nREGISTRATION=closed\nPATH=/nowhere\n');
  const env = environment({ PATH: '/bin', ENV_FILE: file });
  expect([env.REGISTRATION, env.PATH]).toEqual(['closed', '/bin']);
});

test('ENV_FILE=none reads no file, and a missing ENV_FILE stops the start', () => {
  expect(environment({ PATH: '/bin', ENV_FILE: 'none' })).toEqual({ PATH: '/bin', ENV_FILE: 'none' });
  expect(() => environment({ ENV_FILE: '/nowhere/portero.env' })).toThrow(
    'ENV_FILE=/nowhere/portero.env does not exist (for example ENV_FILE=/etc/portero.env, or ENV_FILE=none)',
  );
});
