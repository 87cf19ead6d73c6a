// What a test gets from `import { jest } from '@jest/globals'`.
import { ModuleMocker } from 'jest-mock';

export const jest = new ModuleMocker(globalThis);
