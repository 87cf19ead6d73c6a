import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where the vectors of Project Wycheproof are: they are not part of this repository. */
const FOLDER = join(process.env.VECTORS_DIR ?? '../shared/vectors', 'wycheproof');

export interface VectorFile<Group> {
  numberOfTests: number;
  testGroups: Group[];
}

/** The vectors of a file. */
export function readVectors<Group>(file: string): VectorFile<Group> {
  return JSON.parse(readFileSync(join(FOLDER, file), 'utf8'));
}

/** Declares tests that need the vectors. Without them it says aloud that they did not run; the CI requires them. */
export function withVectors(declare: () => void): void {
  if (existsSync(FOLDER)) {
    declare();
    return;
  }
  test(`SKIPPED: there are no Wycheproof vectors in ${FOLDER} (VECTORS_DIR says where they are)`, () => {
    console.warn(`The Wycheproof vectors were not checked: ${FOLDER} is not there. Set VECTORS_DIR.`);
  });
}
