// Puts a package for a test runner and what it is made of into two CommonJS files, one for the process of the runner,
// driver included, and one for its workers, and entries for `require` and `import` beside them. Each process reads that
// in a quarter of the time that it takes for 200 modules.
import { createRequire } from 'node:module';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bundlePackage, bundleProgram } from './bundle-package.mjs';

const workerBundle = 'worker-bundle.js';
const bundle = 'bundle.js';

/** Programs that other packages of ours start from beside themselves. Of one build of core, so that it is there once. */
const programsOfOthers = {
  'resume-poolers': '../core/dist/esm/resume-poolers.js',
  'filling-process': '../testing/dist/esm/filling-process.cjs',
};

/**
 * Bundles a package.
 *
 * @param worker its entries that need neither the driver nor the engine
 * @param main its other ones
 * @param programs the names of programs of its own
 */
export async function bundleRunner(root, { worker, main, programs }) {
  const own = programs.map((program) => [program, `./src/${program}.ts`]);
  const sources = Object.entries({ ...Object.fromEntries(own), ...programsOfOthers });
  await writeBundle(root, workerBundle, worker, []);
  // Last, as it is this one's licences that are the more.
  await writeBundle(root, bundle, main, sources);
  for (const [program] of sources) {
    const extension = program === 'filling-process' ? 'cjs' : 'js';
    await writeFile(
      join(root, `dist/cjs/${program}.${extension}`),
      `require('./${bundle}')['${program}'];\n`,
    );
  }
  // Loaded into every Node process that fills a template.
  await bundleProgram(root, '@pg-evict/testing/connection-guard', 'dist/cjs/connection-guard.cjs');
}

async function writeBundle(root, file, entries, programs) {
  const all = [...entries.map((entry) => [entry, `./src/${entry}.ts`]), ...programs];
  await bundlePackage(root, {
    stdin: {
      // Each is run when it is first asked for. None is enumerable, because Jest reads all that are where a module
      // imports the file.
      contents: `module.exports = Object.defineProperties({}, {
        ${all.map(([name, source]) => `'${name}': { get: () => require('${source}') }`).join(',\n')}
      });`,
      resolveDir: root,
    },
    outfile: `dist/cjs/${file}`,
  });
  for (const entry of entries) await writeEntry(root, file, entry);
}

async function writeEntry(root, file, entry) {
  const { default: main, ...named } = createRequire(import.meta.url)(join(root, `dist/cjs/${file}`))[entry];
  const forRequire = [
    "'use strict';",
    "Object.defineProperty(exports, '__esModule', { value: true });",
    `const entry = require('./${file}')['${entry}'];`,
    ...(main === undefined ? [] : ['exports.default = entry.default;']),
    ...Object.keys(named).map((name) => `exports.${name} = entry.${name};`),
  ];
  await writeFile(join(root, `dist/cjs/${entry}.js`), `${forRequire.join('\n')}\n`);
  const forImport = [
    `import bundle from '../cjs/${file}';`,
    `const entry = bundle['${entry}'];`,
    ...(main === undefined ? [] : ['export default entry.default;']),
    ...Object.keys(named).map((name) => `export const { ${name} } = entry;`),
  ];
  await writeFile(join(root, `dist/esm/${entry}.js`), `${forImport.join('\n')}\n`);
}
