// Puts this package and what it is made of into two CommonJS files, one for the process of Jest, driver included, and one
// for its workers, and entries for `require` and `import` beside them. Each process of Jest reads that in a quarter of the
// time that it takes for 200 modules.
import { createRequire } from 'node:module';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundlePackage, bundleProgram } from '../../cli/scripts/bundle-package.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
/** The entries, by the file that they are in: workers need neither the driver nor the engine. */
const bundles = {
  'worker-bundle.js': ['index', 'jsdom', 'jest-preset', 'worker'],
  // Last, as it is this one's licences that are the more.
  'bundle.js': ['global-setup', 'global-teardown'],
};
/** Programs, and where they are written. */
const programs = {
  'begin-elsewhere': './src/begin-elsewhere.ts',
  'end-elsewhere': './src/end-elsewhere.ts',
  'host-program': './src/host-program.ts',
  // Core starts it from beside itself.
  'resume-poolers': '../core/dist/esm/resume-poolers.js',
  // And testing this one. Of the same build of core as the others, so that the bundle has that once.
  'filling-process': '../testing/dist/esm/filling-process.cjs',
};

for (const [file, entries] of Object.entries(bundles)) {
  const all = file === 'bundle.js' ? [...entries, ...Object.keys(programs)] : entries;
  await bundlePackage(root, {
    stdin: {
      // Each is run when it is first asked for.
      contents: `module.exports = {
        ${all.map((entry) => `get '${entry}'() { return require('${programs[entry] ?? `./src/${entry}.ts`}'); }`).join(',\n')}
      };`,
      resolveDir: root,
    },
    outfile: `dist/cjs/${file}`,
  });
  for (const entry of entries) await writeEntry(file, entry);
}
for (const program of Object.keys(programs)) {
  const extension = program === 'filling-process' ? 'cjs' : 'js';
  await writeFile(join(root, `dist/cjs/${program}.${extension}`), `require('./bundle.js')['${program}'];\n`);
}
// Loaded into the sandbox of every test file.
await bundleProgram(root, 'src/outside.cts', 'dist/cjs/outside.cjs');
// Loaded into every Node process that fills a template.
await bundleProgram(root, '@pg-evict/testing/connection-guard', 'dist/cjs/connection-guard.cjs');

async function writeEntry(file, entry) {
  const { default: main, ...named } = createRequire(import.meta.url)(`../dist/cjs/${file}`)[entry];
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
