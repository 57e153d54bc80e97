// Puts this package and what it is made of, the driver included, into one CommonJS file, and entries for `require` and
// `import` beside it. Each process of Jest reads that in a quarter of the time that it takes for 200 modules.
import { createRequire } from 'node:module';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundlePackage } from '../../cli/scripts/bundle-package.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const entries = ['index', 'jsdom', 'global-setup', 'global-teardown', 'jest-preset'];

await bundlePackage(root, {
  stdin: {
    // Each is run when it is first asked for.
    contents: `module.exports = {
      ${[...entries, 'begin-elsewhere'].map((entry) => `get '${entry}'() { return require('./src/${entry}.ts'); }`).join(',\n')}
    };`,
    resolveDir: root,
  },
  outfile: 'dist/cjs/bundle.js',
});

const bundle = createRequire(import.meta.url)('../dist/cjs/bundle.js');
for (const entry of entries) {
  const { default: _main, ...named } = bundle[entry];
  const forRequire = [
    "'use strict';",
    "Object.defineProperty(exports, '__esModule', { value: true });",
    `const entry = require('./bundle.js')['${entry}'];`,
    'exports.default = entry.default;',
    ...Object.keys(named).map((name) => `exports.${name} = entry.${name};`),
  ];
  await writeFile(join(root, `dist/cjs/${entry}.js`), `${forRequire.join('\n')}\n`);
  const forImport = [
    "import bundle from '../cjs/bundle.js';",
    `const entry = bundle['${entry}'];`,
    'export default entry.default;',
    ...Object.keys(named).map((name) => `export const { ${name} } = entry;`),
  ];
  await writeFile(join(root, `dist/esm/${entry}.js`), `${forImport.join('\n')}\n`);
}
// A program.
await writeFile(join(root, 'dist/cjs/begin-elsewhere.js'), "require('./bundle.js')['begin-elsewhere'];\n");
