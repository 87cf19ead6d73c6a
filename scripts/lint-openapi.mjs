// Checks the OpenAPI document against the recommended rules of Spectral and Redocly.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prepare } from './prepare.cjs';

prepare();
const folder = mkdtempSync(join(tmpdir(), 'portero-openapi-'));
try {
  const document = join(folder, 'openapi.json');
  writeFileSync(document, execFileSync(process.execPath, ['dist/print-openapi.mjs']));
  const npx = (...args) => execFileSync('npx', ['--no-install', ...args], { stdio: 'inherit' });
  npx('spectral', 'lint', '--fail-severity=hint', '--ruleset', '.spectral.json', document);
  npx('redocly', 'lint', '--config', '.redocly.yaml', document);
} catch (error) {
  process.exitCode = error.status ?? 1;
} finally {
  rmSync(folder, { recursive: true });
}
