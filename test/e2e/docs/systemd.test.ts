import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { codeBlock } from '../../support/code-blocks.js';
import { testWhere } from '../../support/on-engine.js';

/** The unit of docs/systemd.md. Nothing is started. */
const hasSystemd = spawnSync('systemd-analyze', ['--version']).status === 0;

testWhere(hasSystemd, 'needs systemd-analyze')('systemd accepts the unit, and rates its exposure as low', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'portero-unit-'));
  try {
    const unit = join(folder, 'portero.service');
    writeFileSync(unit, codeBlock('docs/systemd.md', '[Unit]').replace('/usr/bin/node', process.execPath));
    const verified = spawnSync('systemd-analyze', ['verify', '--man=no', unit], { encoding: 'utf8' });
    expect([verified.status, verified.stderr]).toEqual([0, '']);
    const report = execFileSync('systemd-analyze', ['security', '--offline=yes', unit], { encoding: 'utf8' });
    const [, exposure] = /Overall exposure level for \S+: ([\d.]+)/.exec(report) ?? [];
    expect(Number(exposure)).toBeLessThanOrEqual(2);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
