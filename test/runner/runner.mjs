/**
 * Runs a suite with jest-circus and Node.js' own module loader in place of jest's.
 *
 * jest loads every module again for every suite, into a new context, which takes 2.5 s of CPU time for each suite with a
 * server. Here the packages and `src` are loaded once per worker. The modules of the test tree are evaluated for each suite.
 */
import { createRequire, register } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { jest } from './globals.mjs';

const require = createRequire(import.meta.url);
const ADAPTER = join(dirname(require.resolve('jest-circus')), 'jestAdapterInit.js');
const HANDLERS = Symbol.for('EVENT_HANDLERS');

register('./loader.mjs', import.meta.url);
process.setSourceMapsEnabled(true);

let suites = 0;

/** Called by jest for each file. @returns jest's `TestResult` */
export default async function runSuite(globalConfig, config, environment, runtime, testPath, sendMessageToJest) {
  const outside = globalThis.console;
  globalThis.console = environment.global.console;
  // jest's own stack traces do not know modules that jest did not load; those of Node.js do.
  Error.prepareStackTrace = undefined;
  const circus = freshCircus();
  try {
    await circus.initialize({
      config,
      environment: { global: globalThis },
      globalConfig,
      localRequire: require,
      parentProcess: process,
      runtime,
      sendMessageToJest,
      setGlobalsForRuntime: () => {},
      testPath,
    });
    suites += 1;
    await import(`${pathToFileURL(testPath)}?suite=${suites}`);
    return await circus.runAndTransformResultsToJestFormat({ config, globalConfig, testPath });
  } finally {
    jest.restoreAllMocks();
    globalThis.console = outside;
  }
}

/** jest-circus keeps the tests and their state in its modules and on `globalThis`. */
function freshCircus() {
  delete require.cache[ADAPTER];
  delete globalThis[HANDLERS];
  return require(ADAPTER);
}
