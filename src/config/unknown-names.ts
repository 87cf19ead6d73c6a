/** Names of Docker Compose, its images and Node.js, which may read the same `.env`. */
const OF_OTHERS = /^(COMPOSE|DOCKER|POSTGRES|NODE)_|^TZ$/;

/** A name that can be shown. Others may be part of a value: of a line such as `NAME: value`, or of a key in several lines. */
const PLAIN_NAME = /^([A-Z][A-Z0-9_]{0,39}|[a-z][a-z0-9_]{0,39})$/;

/** Returns a warning, without values, for each name that is not a setting and does not belong to another program. */
export function warningsAboutNames(names: Iterable<string>, known: ReadonlySet<string>): string[] {
  const unknown = [...new Set(names)].filter((name) => !known.has(name) && !OF_OTHERS.test(name));
  return unknown.map((name) => (PLAIN_NAME.test(name) ? warningAbout(name, known) : warningAboutLine(name, known)));
}

function warningAbout(name: string, known: Iterable<string>): string {
  const [nearest] = [...known]
    .map((candidate) => ({ candidate, distance: distanceOf(name.toUpperCase(), candidate) }))
    .sort((a, b) => a.distance - b.distance);
  const hint =
    nearest !== undefined && nearest.distance <= Math.max(1, name.length / 4)
      ? `did you mean ${nearest.candidate}?`
      : 'see docs/configuration.md';
  return `${name} is not a setting of Portero and has no effect; ${hint}`;
}

function warningAboutLine(line: string, known: ReadonlySet<string>): string {
  const [word = ''] = /^\w*/.exec(line) ?? [];
  const fault = known.has(word)
    ? `a line of .env begins with ${word} but is not ${word}=value, and has no effect`
    : 'a name in .env is not a setting of Portero and has no effect (it is not shown, because it may be part of a secret)';
  return `${fault}; see docs/configuration.md`;
}

/** The number of characters to insert, delete or replace (Levenshtein). */
function distanceOf(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (previous[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(replaced, (previous[j] as number) + 1, (row[j - 1] as number) + 1));
    }
    previous = row;
  }
  return previous[b.length] as number;
}
