// Plugins of esbuild for packages that load more than Portero uses.
import { readFile } from 'node:fs/promises';

/** @typedef {{ name: string, setup(build: import('esbuild').PluginBuild): void }} Plugin */

/**
 * Replaces modules that the server never uses by ones whose functions throw.
 *
 * @param {RegExp[]} modules match the paths of the files
 * @returns {Plugin}
 */
export function leaveOut(modules) {
  return {
    name: 'leave-out',
    setup(build) {
      const unused = new Set(modules);
      for (const path of modules) {
        build.onLoad({ filter: path }, ({ path: file }) => {
          unused.delete(path);
          return { contents: throwing(file.slice(file.lastIndexOf('node_modules/') + 13)), loader: 'js' };
        });
      }
      build.onEnd(() => {
        if (unused.size > 0) throw new Error(`nothing to leave out matches ${[...unused].join(', ')}`);
      });
    },
  };
}

/** Every export is a function, or a class, that throws when it is called. */
function throwing(file) {
  return `module.exports = new Proxy({}, {
    get: (_, name) => name === '__esModule' || name === 'default' ? undefined : function () {
      throw new Error(${JSON.stringify(`${file} is not in the bundle, but is used: `)} + String(name));
    },
  });`;
}

/**
 * `@nestjs/typeorm` requires TypeORM in a way that esbuild does not see, so that a second copy would be loaded.
 *
 * @type {Plugin}
 */
export const oneTypeOrm = {
  name: 'one-typeorm',
  setup(build) {
    build.onLoad({ filter: /@nestjs\/typeorm\/dist\/common\/typeorm-compat\.js$/ }, async ({ path }) => {
      const text = await readFile(path, 'utf8');
      const contents = text.replace('const require = createRequire(import.meta.url);', '');
      if (contents === text) throw new Error(`${path} no longer creates its own require: remove this plugin`);
      return { contents, loader: 'js' };
    });
  },
};

/**
 * The ValidationPipe of Nest.js, which Portero does not use, imports all validators. This leaves its import outside the bundle.
 *
 * @type {Plugin}
 */
export const fewValidators = {
  name: 'few-validators',
  setup(build) {
    build.onResolve({ filter: /^class-validator$/ }, ({ kind, path }) =>
      kind === 'dynamic-import' ? { path, external: true } : undefined,
    );
  },
};
