import { readFileSync } from 'node:fs';
import { testWhere } from '../support/on-engine.js';
import { sharedTable, tableRows } from '../support/shared-table.js';
import { tagsOf, testNames } from '../support/test-names.js';

/** docs/asvs.md lists the tests that prove each requirement. This suite checks that list. */
interface Row {
  id: string;
  level: string;
  how: string;
  proof: string;
}
type Verdict = 'proven' | 'not met' | 'not applicable';

const page = readFileSync('docs/asvs.md', 'utf8');
const rows: Row[] = tableRows(page)
  .filter(([first = '']) => /^V\d/.test(first))
  .map(([id = '', level = '', , how = '', proof = '']) => ({ id, level, how, proof }));
/** The files whose tests have the tag of a requirement in their titles, such as `[ASVS 7.4.1, 7.4.3]`. */
const tagged = new Map<string, Set<string>>();
for (const [file, titles] of testNames()) {
  for (const title of titles) {
    for (const id of tagsOf(title, 'ASVS')) tagged.set(`V${id}`, (tagged.get(`V${id}`) ?? new Set()).add(file));
  }
}
const filesOf = ({ proof }: Row) => [...proof.matchAll(/`(test\/[^`]+)`/g)].map(([, file]) => file as string);

function verdict({ how, proof }: Row): Verdict {
  if (how.startsWith('**Not met.**')) return 'not met';
  if (how.startsWith('**Not applicable.**')) return 'not applicable';
  expect(proof).toMatch(/^`test\//);
  return 'proven';
}
const count = (level: string, wanted: Verdict) =>
  rows.filter((row) => row.level === level && verdict(row) === wanted).length;

test('each row lists exactly the files of the tests tagged with it', () => {
  const expected = rows.map((row) => [row.id, [...(tagged.get(row.id) ?? [])].sort()]);
  expect(rows.map((row) => [row.id, filesOf(row).sort()])).toEqual(expected);
  expect(expected.flatMap(([, files]) => files).length).toBeGreaterThan(150);
});

test('a requirement that is not applicable names the test that detects when it becomes so, and one not met has a reason', () => {
  for (const row of rows) {
    if (verdict(row) === 'not applicable')
      expect([row.id, row.proof]).toEqual([row.id, expect.stringMatching(/^`test\//)]);
    if (verdict(row) === 'not met') expect([row.id, row.how.length > 60]).toEqual([row.id, true]);
  }
});

test('all applicable requirements of level 1 and 95 % of level 2 are proven, and the page counts them correctly', () => {
  for (const [level, least] of [
    ['1', 1],
    ['2', 0.95],
  ] as const) {
    const proven = count(level, 'proven');
    const unmet = count(level, 'not met');
    const counted = [proven + unmet + count(level, 'not applicable'), proven, unmet, count(level, 'not applicable')];
    expect(tableRows(page).find(([first]) => first === level)).toEqual([level, ...counted.map(String)]);
    process.stdout.write(`ASVS level ${level}: ${proven} of ${proven + unmet} rows that apply are proven\n`);
    expect(proven / (proven + unmet)).toBeGreaterThanOrEqual(least);
  }
});

const standard = sharedTable('asvs.md', process.env.ASVS_FILE);
testWhere(standard !== undefined, 'the standard is not beside the project')(
  'each requirement of levels 1 and 2 that applies now is listed once, at its level',
  async () => {
    const due = (standard as string[][]).filter(([id = '', , , , phase]) => /^V\d/.test(id) && phase === 'n');
    const levels = new Map(due.map(([id = '', level = '']) => [id, level]));
    expect(new Set(rows.map(({ id }) => id)).size).toBe(rows.length);
    for (const { id, level } of rows) expect([id, level]).toEqual([id, levels.get(id)]);
    const listed = new Set(rows.map(({ id }) => id));
    expect(due.filter(([id = '', level]) => level !== '3' && !listed.has(id))).toEqual([]);
  },
);
