// Bundles the compiled server and its commands into dist/. Reading one file, not two thousand, halves the start time.
import { chmodSync, cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { fewValidators, leaveOut, oneTypeOrm } from './bundle-plugins.mjs';
import { licencesOf, packagesIn } from './licences.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const compiled = (path) => join(root, 'build', path);

const ENTRIES = {
  main: 'src/main.js',
  portero: 'src/cli/main.js',
  migrate: 'src/cli/migrate.js',
  ormconfig: 'ormconfig.js',
  'print-openapi': 'src/openapi/print-openapi.js',
  'print-errors': 'src/openapi/print-errors.js',
  'build-template': 'src/database/embedded/build-template.js',
};

/** The commands that `node` runs. They are CommonJS, because loading an ES module already uses the thread pool. */
const STARTERS = {
  main: `
    import { startThreadPool } from './config/thread-pool.js';
    import { useCompileCache } from './lifecycle/compile-cache.js';
    startThreadPool();
    useCompileCache(__dirname);
    import('./main.mjs');`,
  portero: `
    import { useCompileCache } from './lifecycle/compile-cache.js';
    useCompileCache(__dirname);
    import('./portero.mjs');`,
};

/** Packages that load files of their own at run time: native add-ons, WebAssembly, static pages. */
const INSTALLED = ['bcrypt', '@node-rs/argon2', '@electric-sql/pglite', 'node-sqlite3-wasm', 'swagger-ui-dist'];

/** Optional packages that Nest.js, TypeORM and pg try to load, and that Portero neither installs nor uses. */
const NOT_INSTALLED = [
  '@nestjs/microservices',
  '@nestjs/websockets',
  '@nestjs/platform-express',
  '@nestjs/mongoose',
  '@nestjs/sequelize',
  '@fastify/view',
  '@fastify/multipart',
  'class-transformer',
  'pg-native',
  'pg-query-stream',
];

/** Builds of packages as ES modules, of which only what is used gets into the bundle. esbuild would choose others. */
const ES_MODULES = {
  'class-validator': join(root, 'node_modules/class-validator/esm2015/index.js'),
  'jsonc-parser': join(root, 'node_modules/jsonc-parser/lib/esm/main.js'),
  rxjs: join(root, 'node_modules/rxjs/dist/esm/index.js'),
  'rxjs/operators': join(root, 'node_modules/rxjs/dist/esm/operators/index.js'),
};

/** Parts of packages that Portero never uses. If one is used after an update, it throws. */
const NEVER_USED = [
  // Drivers of other databases.
  /typeorm\/driver\/(aurora|better-sqlite3|capacitor|cockroachdb|cordova|expo|mongodb|mysql)[\w-]*\/\w+(Driver|QueryRunner)\.js$/,
  /typeorm\/driver\/(nativescript|oracle|react-native|sap|spanner|sqljs|sqlserver)\/\w+(Driver|QueryRunner)\.js$/,
  // For folders whose files are listed at the start.
  /node_modules\/glob\/dist\/.*\/index\.min\.js$/,
];

/** CommonJS packages in the bundle call `require` and read these two names, which an ES module does not have. */
const BANNER = `import { createRequire as __createRequire } from 'node:module';
import { fileURLToPath as __fileURLToPath } from 'node:url';
import { dirname as __dirnameOf } from 'node:path';
const require = __createRequire(import.meta.url);
const __filename = __fileURLToPath(import.meta.url);
const __dirname = __dirnameOf(__filename);
const __none = (value) => value;`;

rmSync(join(root, 'dist'), { recursive: true, force: true });
const { metafile } = await build({
  entryPoints: Object.fromEntries(Object.entries(ENTRIES).map(([name, path]) => [name, compiled(path)])),
  absWorkingDir: root,
  outdir: join(root, 'dist'),
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  outExtension: { '.js': '.mjs' },
  splitting: true,
  // Nest.js identifies providers, and TypeORM entities, by their class names.
  keepNames: true,
  alias: ES_MODULES,
  external: [...INSTALLED, ...NOT_INSTALLED],
  banner: { js: BANNER },
  // With --enable-source-maps of Node.js, stacks name the sources. It is not the default, because it slows the start down.
  sourcemap: 'linked',
  sourcesContent: false,
  // Half the text to read and compile. The lines stay short, so that a position in a stack says something.
  minifyWhitespace: true,
  minifySyntax: true,
  lineLimit: 120,
  legalComments: 'none',
  // As in Node.js 21 and later. Without it, pg asks for `Response`, which loads undici.
  define: { navigator: '{"userAgent":"Node.js"}' },
  plugins: [oneTypeOrm, fewValidators, leaveOut(NEVER_USED)],
  metafile: true,
  logLevel: 'warning',
});
writeFileSync(
  join(root, 'dist', 'THIRD-PARTY-LICENSES.txt'),
  licencesOf([...packagesIn(metafile), 'node_modules/swagger-ui-dist'], root),
);
// The package.json of the project says that *.js are ES modules; STARTERS are CommonJS.
writeFileSync(join(root, 'dist', 'package.json'), '{ "type": "commonjs" }\n');
for (const [name, contents] of Object.entries(STARTERS)) {
  await build({
    stdin: { contents, resolveDir: compiled('src') },
    outfile: join(root, 'dist', `${name}.js`),
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    banner: { js: '#!/usr/bin/env node' },
    external: ['*.mjs'],
    logLevel: 'warning',
  });
}
// The image has a link to it in its PATH.
chmodSync(join(root, 'dist', 'portero.js'), 0o755);
cpSync(compiled('src/passwords/common-passwords.bin'), join(root, 'dist', 'common-passwords.bin'));
cpSync(compiled('src/templates/views'), join(root, 'dist', 'views'), { recursive: true });
nameClassesOnly();
preparePages();

/**
 * With `keepNames`, esbuild also defines the name of each function when it is created: several times per request, which
 * takes a sixth of its CPU time. Only classes need their names.
 */
function nameClassesOnly() {
  const dist = join(root, 'dist');
  let replaced = 0;
  for (const name of readdirSync(dist).filter((one) => one.endsWith('.mjs'))) {
    const text = readFileSync(join(dist, name), 'utf8');
    // A class names itself: `static { __name(this, "…"); }`. Older packages have functions in its place. The other name is as
    // long, so that the source maps stay right.
    const named = text.replace(/\b__name\((?!\s*(?:this|class)\b|\s*[A-Z]\w*\s*,)/g, () => {
      replaced += 1;
      return '__none(';
    });
    writeFileSync(join(dist, name), named);
  }
  if (replaced === 0) throw new Error('the bundler names functions in a way that nameClassesOnly does not find');
}

/** Copies the files of the pages, adds those of Swagger UI, and compresses all of them once. */
function preparePages() {
  const folder = join(root, 'dist', 'page');
  cpSync(compiled('src/openapi/page'), folder, { recursive: true });
  for (const name of ['swagger-ui.css', 'swagger-ui-bundle.js']) {
    const text = readFileSync(join(root, 'node_modules', 'swagger-ui-dist', name), 'utf8');
    // The source maps are not served.
    writeFileSync(join(folder, name), text.replace(/^\/[/*][#@] sourceMappingURL=.*$/m, ''));
  }
  // The highest quality, 11, takes three times as long for 2 % less.
  const params = { [constants.BROTLI_PARAM_QUALITY]: 10 };
  for (const name of readdirSync(folder).filter((one) => !/[.](png|html)$/.test(one))) {
    const bytes = readFileSync(join(folder, name));
    writeFileSync(join(folder, `${name}.br`), brotliCompressSync(bytes, { params }));
    writeFileSync(join(folder, `${name}.gz`), gzipSync(bytes, { level: 9 }));
  }
}
