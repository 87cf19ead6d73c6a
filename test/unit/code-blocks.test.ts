import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { codeBlock, codeBlocks } from '../support/code-blocks.js';

/**
 * Every code block of the documentation is executed by a test, or a comment before it says why not. `run` blocks are executed
 * by test/e2e/docs/run-blocks.test.ts.
 */
const pages = ['README.md', 'README.es.md', 'CONTRIBUTING.md', ...readdirSync('docs').map((name) => `docs/${name}`)];
const blocks = pages.filter((page) => page.endsWith('.md')).flatMap(codeBlocks);
/** Pictures, file trees and output. */
const NOT_CODE = ['mermaid', 'text'];

test.each(blocks.map(({ page, line, ...block }) => [`${page}:${line}`, block] as const))(
  'the code block at %s is executed, or says why not',
  (_, { language, mark = '' }) => {
    const [, tested] = /^tested: (\S+)$/.exec(mark) ?? [];
    if (NOT_CODE.includes(language)) expect(mark).toBe('');
    else if (tested === undefined) expect(mark).toMatch(/^(run|not run: .{8,})$/);
    else expect([tested, existsSync(tested)]).toEqual([tested, true]);
  },
);

test('a test that a page names reads that page', () => {
  const named = blocks.flatMap(({ page, mark }) => {
    const [, tested] = /^tested: (\S+)$/.exec(mark ?? '') ?? [];
    return tested === undefined ? [] : [[page, tested] as const];
  });
  expect(named).not.toEqual([]);
  for (const [page, tested] of named)
    expect([tested, readFileSync(tested, 'utf8')]).toEqual([tested, expect.stringContaining(page)]);
});

test('the error in CONTRIBUTING.md is the one in the code', () => {
  const code = codeBlock('CONTRIBUTING.md', 'class RefreshTokenReused');
  expect(readFileSync('src/sessions/sessions.errors.ts', 'utf8')).toContain(code);
});

test('the comment is found in the line before a block, and the indentation is removed', () => {
  expect(codeBlocks('docs/upgrading.md')).toContainEqual(
    expect.objectContaining({
      language: 'sh',
      mark: 'not run: needs a release',
      text: 'git pull\nnpm ci\nnpm run build\n',
    }),
  );
});
