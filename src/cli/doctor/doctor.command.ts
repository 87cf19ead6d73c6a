import { Command } from 'commander';
import { print, type Terminal } from '../terminal.js';
import { examine } from './examine.js';
import type { Finding, Level } from './finding.js';

const MARKS: Record<Level, string> = { ok: 'ok     ', warning: 'WARNING', error: 'ERROR  ' };

/** `portero doctor` */
export function doctorCommand(terminal: Terminal, exit: (code: number) => void): Command {
  return new Command('doctor')
    .description('Check the settings, the database and the mail server. It changes nothing.')
    .option('--json', 'print one JSON object')
    .action(async ({ json }: { json?: true }) => {
      const findings = await examine(terminal.env);
      print(terminal, json ? JSON.stringify({ findings }) : asText(findings));
      if (count(findings, 'error') > 0) exit(1);
    });
}

function asText(findings: readonly Finding[]): string {
  const width = Math.max(...findings.map(({ check }) => check.length));
  const lines = findings.map(({ check, level, message, remedy }) => {
    const line = `${MARKS[level]}  ${check.padEnd(width)}  ${message}`;
    return remedy === undefined ? line : `${line}\n         ${' '.repeat(width)}  → ${remedy}`;
  });
  const summary = `${findings.length} checks: ${count(findings, 'error')} errors, ${count(findings, 'warning')} warnings`;
  return [...lines, summary].join('\n');
}

function count(findings: readonly Finding[], wanted: Level): number {
  return findings.filter(({ level }) => level === wanted).length;
}
