// Installs missing packages and rebuilds a stale build. Uses no packages itself. CommonJS, so that start.cjs can load it.
const { execFileSync } = require('node:child_process');
const { createHash } = require('node:crypto');
const { existsSync, readdirSync, readFileSync, statSync, writeFileSync } = require('node:fs');
const { dirname, join } = require('node:path');

const root = dirname(__dirname);
/** npm writes it last, at the end of every install. */
const INSTALLED = join(root, 'node_modules', '.package-lock.json');
const BUILT = join(root, 'dist', '.portero-built');
const BUILD_INPUTS = [
  'src',
  'ormconfig.ts',
  'tsconfig.json',
  'tsconfig.build.json',
  'nest-cli.json',
  'package.json',
  'scripts/bundle.mjs',
  'scripts/bundle-plugins.mjs',
  'scripts/licences.mjs',
];

function prepare() {
  requireNode();
  if (!existsSync(INSTALLED) || statSync(INSTALLED).mtimeMs < statSync(join(root, 'package-lock.json')).mtimeMs) {
    say('installing the dependencies …');
    // Nest and its CLI state newer Node.js versions in `engines`, but work with the one required here.
    run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']);
  }
  if (!existsSync(BUILT) || readFileSync(BUILT, 'utf8') !== fingerprint(BUILD_INPUTS)) {
    say('building …');
    run('npm', ['run', '--silent', 'build']);
  }
}

/** Called by the build itself, so that a manual build counts too. */
function markBuilt() {
  writeFileSync(BUILT, fingerprint(BUILD_INPUTS));
}

function requireNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  process.stderr.write(`portero: Node.js 20.19 or later is required; this is ${process.versions.node}\n`);
  process.exit(1);
}

function fingerprint(paths) {
  const hash = createHash('sha256').update(process.version);
  for (const path of paths.flatMap(filesUnder)) hash.update(path).update(readFileSync(join(root, path)));
  return hash.digest('hex');
}

function filesUnder(path) {
  if (!statSync(join(root, path)).isDirectory()) return [path];
  return readdirSync(join(root, path))
    .sort()
    .flatMap((name) => filesUnder(join(path, name)));
}

function run(command, args) {
  try {
    execFileSync(command, args, { cwd: root, stdio: ['ignore', 2, 2] });
  } catch (error) {
    process.exit(error.status ?? 1);
  }
}

function say(what) {
  process.stderr.write(`portero: ${what}\n`);
}

module.exports = { prepare };

if (require.main === module) {
  if (process.argv[2] === 'mark-built') markBuilt();
  else prepare();
}
