// Puts what each process of a test runner loads into one file for `require` and one for `import`: the worker's side, and
// the adapters of node:test and Mocha; and entries beside it. Of what they are made of they need neither the driver nor the
// engine. The one for `import` is an ES module itself, as Node would look through a CommonJS one for names first.
import { createRequire } from 'node:module';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { askingForBuiltins } from '../../cli/scripts/asking-for-builtins.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const file = 'worker-bundle.js';
const common = {
  absWorkingDir: root,
  stdin: {
    contents: `
      export * from './worker.js';
      export { beginTestFile } from './node-test/begin-test-file.js';
      export { beginMocha } from './mocha/begin-mocha.js';`,
    resolveDir: join(root, 'src'),
  },
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  logLevel: 'warning',
  external: ['pg'],
};

await build({ ...common, outfile: `dist/cjs/${file}`, format: 'cjs' });
const { outputFiles } = await build({
  ...common,
  outfile: `dist/esm/${file}`,
  format: 'esm',
  write: false,
  // Of the package's folder; bundles of other packages of ours, which this one goes into, know the URL of theirs.
  define: { __dirname: 'packageFolder' },
  banner: {
    js: "const packageFolder = process.getBuiltinModule('node:url').fileURLToPath(new URL('.', import.meta.url));",
  },
});
await writeFile(join(root, `dist/esm/${file}`), askingForBuiltins(outputFiles[0].text));

const adapters = new Set(['beginMocha', 'beginTestFile']);
const names = Object.keys(createRequire(import.meta.url)(`../dist/cjs/${file}`)).filter(
  (name) => !adapters.has(name),
);
await write('cjs/worker', [
  "'use strict';",
  `const bundle = require('./${file}');`,
  ...names.map((name) => `exports.${name} = bundle.${name};`),
]);
await write('esm/worker', [`export { ${names.join(', ')} } from './${file}';`]);
// `--import` waits for it; the compiler has no such thing for CommonJS.
await write('esm/node-test', [`import { beginTestFile } from './${file}';`, 'await beginTestFile();']);
// Mocha waits for what it requires, or imports where that has a top-level await.
await write('cjs/mocha', [
  "'use strict';",
  `module.exports = require('./${file}').beginMocha();`,
  'module.exports.default = module.exports;',
]);
await write('esm/mocha', [`import { beginMocha } from './${file}';`, 'export default await beginMocha();']);

async function write(entry, lines) {
  await writeFile(join(root, `dist/${entry}.js`), `${lines.join('\n')}\n`);
}
