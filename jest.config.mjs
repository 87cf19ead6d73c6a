/** TypeScript suites with ES modules, run by test/runner/runner.mjs. */
export default {
  testEnvironment: 'node',
  testRunner: '<rootDir>/test/runner/runner.mjs',
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  // CommonJS packages that require these ES modules: jest can't do what Node.js 20.19 can (it needs 24.9).
  transformIgnorePatterns: ['/node_modules/(?!(content-disposition)/)'],
  transform: {
    '/node_modules/.+\\.js$': ['@swc/jest', { module: { type: 'commonjs' } }],
    '\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2022',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
        },
        module: { type: 'es6' },
      },
    ],
  },
  globalSetup: '<rootDir>/test/support/global-setup.mjs',
  globalTeardown: '<rootDir>/test/support/global-teardown.mjs',
  // For machines that do much else beside; nothing here waits for long by itself.
  testTimeout: 120_000,
  maxWorkers: '100%',
};
