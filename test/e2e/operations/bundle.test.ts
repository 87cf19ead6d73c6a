import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createDatabase } from '../../support/engine.js';
import { ServerProcess } from '../../support/process.js';

/** What the bundle in dist/ contains, and what a start loads besides it. */
afterEach(() => ServerProcess.killAll());

const SECRET = Buffer.alloc(32, 7).toString('base64url');
const packageOf = (file: string) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1];

test('THIRD-PARTY-LICENSES.txt has every package of which the bundle contains something', () => {
  const maps = readdirSync('dist').filter((name) => name.endsWith('.mjs.map'));
  const sources = maps.flatMap((name): string[] => JSON.parse(readFileSync(join('dist', name), 'utf8')).sources);
  // `src` is no package: the maps of some packages name sources that they do not contain.
  const bundled = new Set(sources.map(packageOf).filter((name) => name !== undefined && name !== 'src'));
  const listed = readFileSync('dist/THIRD-PARTY-LICENSES.txt', 'utf8').matchAll(/^(\S+) \d+\.\d+\.\d+\S*\n\n\S/gm);
  expect(bundled.size).toBeGreaterThan(50);
  expect([...listed].map(([, name]) => name)).toEqual(expect.arrayContaining([...bundled, 'swagger-ui-dist']));
});

test('a start loads no package beside the bundle but bcrypt, so not a second TypeORM', async () => {
  const database = await createDatabase();
  const script = `import { createRequire } from 'node:module';
    await import(process.cwd() + '/dist/main.mjs');
    console.log('loaded ' + JSON.stringify(Object.keys(createRequire(import.meta.url).cache)));`;
  const command = ['node', '--input-type=module', '-e', script];
  const server = ServerProcess.spawn({ PORTERO_SECRET: SECRET, ...database.env }, command);
  await server.listening();
  while (!server.stdout.includes('loaded ')) await new Promise((resolve) => setTimeout(resolve, 20));
  const files: string[] = JSON.parse(/^loaded (.+)$/m.exec(server.stdout)?.[1] as string);
  expect([...new Set(files.map(packageOf))].sort()).toEqual(['bcrypt', 'node-gyp-build']);
  await server.kill('SIGTERM');
  await database.drop();
});

test('a module that is left out of the bundle throws when something of it is called', () => {
  const script = `import { build } from 'esbuild';
    import { leaveOut } from './scripts/bundle-plugins.mjs';
    const contents = "const { OracleDriver } = require('typeorm/driver/oracle/OracleDriver.js'); new OracleDriver();";
    const { outputFiles } = await build({ stdin: { contents, resolveDir: '.' }, bundle: true, platform: 'node', write: false,
      plugins: [leaveOut([/OracleDriver/])] });
    try { (0, eval)(outputFiles[0].text) } catch ({ message }) { console.log(message) }`;
  expect(execFileSync('node', ['--input-type=module', '-e', script], { encoding: 'utf8' }).trim()).toBe(
    'typeorm/driver/oracle/OracleDriver.js is not in the bundle, but is used: OracleDriver',
  );
});
