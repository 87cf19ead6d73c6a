import { testWhere } from '../support/on-engine.js';
import { sharedTable } from '../support/shared-table.js';
import { testNames } from '../support/test-names.js';

/** Each class of attack that the project answers for is in the name of a test, after the word "attack". */
const attacks = sharedTable('attacks.md');
/** What stands after "attack" in the names of tests. */
const named = [...testNames().values()]
  .flat()
  .flatMap((name) => [...name.matchAll(/attacks?: ([^;)]+)/g)].map(([, text]) => text as string));

testWhere(attacks !== undefined, 'the list of attacks is not beside the project')(
  'every attack is named by a test',
  async () => {
    const missing = (attacks as string[][]).filter(([name = '']) => {
      const wanted = [name, ...name.split(', ')];
      return !named.some((text) => wanted.some((one) => text.includes(one)));
    });
    expect(missing).toEqual([]);
  },
);
