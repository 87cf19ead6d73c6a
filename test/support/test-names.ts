import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A string followed by a function: the arguments of `test`, `describe`, their `each` and our own variants. */
const NAMED = /(['"`])((?:\\.|(?!\1)[^\\])+)\1,\s*(?:async\s*)?\(/g;

/** The titles of all tests by file, as in the source. */
export function testNames(): Map<string, string[]> {
  const files = readdirSync('test', { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.test.ts'));
  return new Map(files.map((path) => [join('test', path), namesIn(readFileSync(join('test', path), 'utf8'))]));
}

function namesIn(source: string): string[] {
  return [...source.matchAll(NAMED)].map(([, , name]) => (name as string).replace(/\\(.)/g, '$1'));
}

/** The tags of a title: `logs out [ASVS 7.4.1, 7.4.3]` has the `ASVS` tags 7.4.1 and 7.4.3. */
export function tagsOf(title: string, kind: 'ASVS' | 'attack:'): string[] {
  return [...title.matchAll(/\[(ASVS|attack:) ([^\]]+)\]/g)].flatMap(([, tag, values]) =>
    tag === kind ? (values as string).split(', ') : [],
  );
}
