// The module that tests import as `@jest/globals`.
import { ModuleMocker } from 'jest-mock';

export const jest = new ModuleMocker(globalThis);
