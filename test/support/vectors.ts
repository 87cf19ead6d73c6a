import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A file of vectors in the format of Project Wycheproof. */
export interface VectorFile<Group> {
  numberOfTests: number;
  testGroups: Group[];
}

/** The vectors of a file in test/vectors/wycheproof. */
export function readVectors<Group>(file: string): VectorFile<Group> {
  return JSON.parse(readFileSync(join('test/vectors/wycheproof', file), 'utf8'));
}
