import { readFileSync } from 'node:fs';

/** A fenced code block of a page. */
export interface CodeBlock {
  page: string;
  line: number;
  language: string;
  text: string;
  /** The comment in the line before: `run`, `tested: FILE` or `not run: REASON`. Not shown to readers. */
  mark: string | undefined;
}

const BLOCK = /^(?: *<!-- (?<mark>.*) -->\n)?(?<indent> *)```(?<language>[a-z]*)\n(?<text>[\s\S]*?)^ *```$/gm;

/** The code blocks of a page in Markdown. */
export function codeBlocks(page: string): CodeBlock[] {
  const source = readFileSync(page, 'utf8');
  return [...source.matchAll(BLOCK)].map(({ index, groups = {} }) => ({
    page,
    line: source.slice(0, index).split('\n').length,
    language: groups.language as string,
    text: (groups.text as string).replaceAll(new RegExp(`^${groups.indent}`, 'gm'), ''),
    mark: groups.mark,
  }));
}

/** The only code block of a page with this text in it. @throws Error if there is none or more than one */
export function codeBlock(page: string, part: string): string {
  const found = codeBlocks(page).filter(({ text }) => text.includes(part));
  if (found.length !== 1) throw new Error(`${page} has ${found.length} code blocks with ${part}`);
  return (found[0] as CodeBlock).text;
}
