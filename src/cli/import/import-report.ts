import { quoted } from '../quoted.js';
import { table } from '../table.js';
import { print, type Terminal } from '../terminal.js';
import type { ProgressBar } from './progress-bar.js';

interface Counts {
  imported: number;
  already_there: number;
}

export interface ReportOptions {
  json: boolean;
  dryRun: boolean;
  /** The unit of row numbers. */
  unit: string;
  progress: ProgressBar;
}

/** Prints refused rows as they occur, and a summary at the end. */
export class ImportReport {
  readonly #formats = new Map<string, Counts>();
  readonly #started = performance.now();
  #refused = 0;

  constructor(
    private readonly terminal: Terminal,
    private readonly options: ReportOptions,
  ) {}

  accepted(format: string, outcome: keyof Counts): void {
    const counts = this.#formats.get(format) ?? { imported: 0, already_there: 0 };
    counts[outcome]++;
    this.#formats.set(format, counts);
    this.options.progress.advance();
  }

  /** @param reason must not contain values of the row */
  refused({ line, name }: { line: number; name?: string | undefined }, reason: string): void {
    const { json, unit, progress } = this.options;
    this.#refused++;
    progress.advance();
    progress.clear();
    if (json) print(this.terminal, JSON.stringify({ type: 'refused', [unit]: line, user: name, reason }));
    else this.terminal.stderr.write(`${unit} ${line}${name === undefined ? '' : ` (${quoted(name)})`}: ${reason}\n`);
  }

  /** Prints the summary. @returns the exit code */
  finish(): number {
    const { json, dryRun, progress } = this.options;
    progress.clear();
    const total = { imported: 0, already_there: 0 };
    for (const { imported, already_there } of this.#formats.values()) {
      total.imported += imported;
      total.already_there += already_there;
    }
    const summary = { ...total, refused: this.#refused };
    if (!json && this.#formats.size > 0) print(this.terminal, this.#table());
    print(this.terminal, json ? this.#json(summary) : sentence(summary, dryRun));
    return this.#refused > 0 ? 3 : 0;
  }

  #table(): string {
    const rows = [...this.#formats].map(([name, counts]) => [name, `${counts.imported}`, `${counts.already_there}`]);
    return table(['FORMAT', this.options.dryRun ? 'TO IMPORT' : 'IMPORTED', 'ALREADY THERE'], rows);
  }

  #json(summary: Counts & { refused: number }): string {
    return JSON.stringify({
      type: 'summary',
      dry_run: this.options.dryRun,
      ...summary,
      formats: Object.fromEntries(this.#formats),
      seconds: Math.round(performance.now() - this.#started) / 1000,
      max_rss_kib: process.resourceUsage().maxRSS,
    });
  }
}

function sentence({ imported, already_there, refused }: Counts & { refused: number }, dryRun: boolean): string {
  return dryRun
    ? `${imported} to import, ${already_there} already there, ${refused} refused; nothing was written.`
    : `${imported} imported, ${already_there} already there, ${refused} refused.`;
}
