const LAYERS = require('./scripts/layers.cjs');

const oneWay = LAYERS.slice(0, -1).map((layer, index) => ({
  name: `${layer.join('-and-')}-knows-nothing-below`,
  severity: 'error',
  from: { path: `^src/(${layer.join('|')})/` },
  to: {
    path: `^src/(${LAYERS.slice(index + 1)
      .flat()
      .join('|')})/`,
  },
}));

module.exports = {
  forbidden: [
    ...oneWay,
    {
      name: 'only-sign-in-starts-sessions',
      comment:
        'A session starts from a Proof, in SignIn. A credential that could start one itself would skip what is decided there.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(auth/sign-in|sessions/sessions[.]module)[.]ts$' },
      to: { path: '^src/sessions/new-sessions[.]ts$' },
    },
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'only-the-root-composes',
      comment: 'Nothing but the files beside it imports the application as a whole.',
      severity: 'error',
      from: { path: '^src/[^/]+/', pathNot: '^src/(openapi/print-openapi|cli/main)[.]ts$' },
      to: { path: '^src/[^/]+[.]ts$' },
    },
    {
      name: 'every-folder-has-its-layer',
      severity: 'error',
      from: { path: '^src/', pathNot: `^src/((${LAYERS.flat().join('|')})/|[^/]+[.]ts$)` },
      to: {},
    },
    { name: 'no-orphans', severity: 'error', from: { orphan: true, path: '^src/' }, to: {} },
    {
      name: 'no-undeclared-packages',
      severity: 'error',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown', 'npm-dev'] },
    },
    { name: 'no-unresolved', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
};
