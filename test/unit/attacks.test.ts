import { testWhere } from '../support/on-engine.js';
import { sharedTable } from '../support/shared-table.js';
import { tagsOf, testNames } from '../support/test-names.js';

/** Each class of attack that the project covers is in the title of a test, as in `[attack: refresh replay]`. */
const attacks = sharedTable('attacks.md');
const tagged = new Set([...testNames().values()].flat().flatMap((title) => tagsOf(title, 'attack:')));

testWhere(attacks !== undefined, 'the list of attacks is not beside the project')(
  'every attack is in the title of a test',
  async () => {
    const classes = (attacks as string[][]).flatMap(([name = '']) => name.split(', '));
    const missing = classes.filter((name) => !tagged.has(name));
    expect(missing).toEqual([]);
  },
);
