import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const read = (path: string) => readFileSync(path, 'utf8');
const folders = readdirSync('src', { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name)
  .sort();
const firstOf = (matches: Iterable<RegExpMatchArray>) => [...matches].map(([, name]) => name);

test.each(['README.md', 'README.es.md'])('the tree in %s lists every folder of src', (page) => {
  const [, tree] = read(page).match(/```text\nsrc\/\n(.*?)```/s) ?? [];
  expect(firstOf((tree ?? '').matchAll(/^ {2}([\w-]+)\/ +\S/gm)).sort()).toEqual(folders);
});

test('docs/architecture.md describes every folder of src, and names files that exist', () => {
  const page = read('docs/architecture.md');
  const rows = [...page.matchAll(/^\| `([\w-]+)` \| .+ \| (.+) \|$/gm)];
  expect(rows.map(([, folder]) => folder).sort()).toEqual(folders);
  for (const [, folder, files] of rows) {
    for (const [, file] of (files as string).matchAll(/`([^`]+)`/g)) expect(read(`src/${folder}/${file}`)).not.toBe('');
  }
});

test('docs/architecture.md lists the layers that lint:imports enforces', () => {
  const layers: string[][] = createRequire(import.meta.url)('../../scripts/layers.cjs');
  const [, listed] = read('docs/architecture.md').match(/```text\n(config, clock\n.*?)```/s) ?? [];
  expect((listed ?? '').trim().split('\n').slice(0, -1)).toEqual(layers.map((layer) => layer.join(', ')));
});

test('docs/dependencies.md has a row for every dependency in package.json', () => {
  const [rows = ''] = read('docs/dependencies.md').split('## What is ours');
  const firstCells = [...rows.matchAll(/^\| (.+?) \|/gm)].map(([, cell]) => cell as string);
  const listed = firstCells.flatMap((cell) => firstOf(cell.matchAll(/`([^`]+)`/g)));
  expect(listed.sort()).toEqual(Object.keys(JSON.parse(read('package.json')).dependencies).sort());
});

test('docs/README.md links to every page of docs', () => {
  const pages = readdirSync('docs').filter((name) => name.endsWith('.md') && name !== 'README.md');
  const linked = firstOf(read('docs/README.md').matchAll(/\]\(([\w-]+\.md)\)/g));
  expect([...new Set(linked)].sort()).toEqual(pages.sort());
});

const pages = [
  'README.md',
  'README.es.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  ...readdirSync('docs').map((page) => `docs/${page}`),
];

test.each(pages.filter((page) => page.endsWith('.md')))(
  'every link in %s leads to a file, and to a heading of it',
  (page) => {
    for (const [link, path = '', heading] of read(page).matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]+))?\)/g)) {
      const file = path === '' ? page : join(dirname(page), path);
      expect([link, existsSync(file)]).toEqual([link, true]);
      if (heading !== undefined) expect([link, anchors(read(file))]).toEqual([link, expect.arrayContaining([heading])]);
    }
  },
);

/** The anchors that GitHub gives to headings. */
function anchors(page: string): string[] {
  const text = page.replaceAll(/^ *```[\s\S]*?^ *```/gm, '');
  return firstOf(text.matchAll(/^#+ (.+)$/gm)).map((heading) =>
    (heading as string)
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}
