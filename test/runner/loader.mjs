// Module hooks for the tests: TypeScript through SWC, and `@jest/globals` from the runner.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import swc from '@swc/core';

const ROOT = new URL('../../', import.meta.url).href;
const GLOBALS = new URL('./globals.mjs', import.meta.url).href;
const CACHE = fileURLToPath(new URL('node_modules/.cache/portero-tests/', ROOT));

const OPTIONS = {
  jsc: {
    target: 'es2022',
    parser: { syntax: 'typescript', decorators: true },
    transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
    keepClassNames: true,
  },
  module: { type: 'es6' },
  sourceMaps: 'inline',
  inlineSourcesContent: false,
  configFile: false,
  swcrc: false,
};
const VERSION = JSON.stringify(OPTIONS) + swc.version;

/** Modules of the test tree are evaluated per suite, with `?suite=`; this folder, `src` and packages once per worker. */
export async function resolve(specifier, context, next) {
  if (specifier === '@jest/globals') return { url: GLOBALS, shortCircuit: true };
  const { parentURL = '' } = context;
  if (!specifier.startsWith('.') || !isOurs(parentURL)) return await next(specifier, context);
  const url = new URL(specifier, parentURL);
  if (!isOurs(url.href)) return await next(specifier, context);
  const typescript = new URL(url.href.replace(/\.js$/, '.ts'));
  if (!existsSync(typescript)) return await next(specifier, context);
  if (isOfSuite(typescript.href)) typescript.search = new URL(parentURL).search;
  return { url: typescript.href, format: 'module', shortCircuit: true };
}

export async function load(url, context, next) {
  if (!isOurs(url) || !new URL(url).pathname.endsWith('.ts')) return await next(url, context);
  return { format: 'module', source: compiled(fileURLToPath(url)), shortCircuit: true };
}

const isOfSuite = (url) => url.startsWith(`${ROOT}test/`) && !url.startsWith(`${ROOT}test/runner/`);
const isOurs = (url) => url.startsWith(`${ROOT}src/`) || url.startsWith(`${ROOT}test/`);

function compiled(file) {
  const source = readFileSync(file, 'utf8');
  const name = createHash('sha256').update(VERSION).update(file).update(source).digest('hex');
  const cached = join(CACHE, `${name}.js`);
  if (existsSync(cached)) return readFileSync(cached, 'utf8');
  const { code } = swc.transformSync(source, { ...OPTIONS, filename: file, sourceFileName: file });
  mkdirSync(CACHE, { recursive: true });
  // Two workers may write the same file at the same time.
  const draft = `${cached}.${process.pid}`;
  writeFileSync(draft, code);
  renameSync(draft, cached);
  return code;
}
