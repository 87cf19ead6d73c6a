import { sharedTable } from '../support/shared-table.js';
import { testNames } from '../support/test-names.js';

/** Each class of attack that the project answers for is in the name of a test, after the word "attack". */
const attacks = sharedTable('attacks.md');
/** What stands after "attack" in the names of tests. */
const named = [...testNames().values()]
  .flat()
  .flatMap((name) => [...name.matchAll(/attacks?: ([^;)]+)/g)].map(([, text]) => text as string));

(attacks ? test.each((attacks as string[][]).map(([name = '']) => name)) : test.skip.each([['all']]))(
  'a test names the attack "%s"',
  (name) => {
    const wanted = [name, ...name.split(', ')];
    expect(named.filter((text) => wanted.some((one) => text.includes(one)))).not.toEqual([]);
  },
);
