// Puts this package and what it is made of, the driver included, into one CommonJS file, and entries for `require` and
// `import` beside it. Each process of Jest reads that in a quarter of the time that it takes for 200 modules.
import { createRequire } from 'node:module';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { thirdPartyLicences } from '../../cli/scripts/third-party-licences.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const { dependencies, peerDependencies } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
const entries = ['index', 'jsdom', 'global-setup', 'global-teardown', 'jest-preset'];

const { metafile } = await build({
  absWorkingDir: root,
  stdin: {
    // Each is run when it is first asked for.
    contents: `module.exports = {
      ${[...entries, 'begin-alone'].map((entry) => `get '${entry}'() { return require('./src/${entry}.ts'); }`).join(',\n')}
    };`,
    resolveDir: root,
  },
  outfile: 'dist/cjs/bundle.js',
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  format: 'cjs',
  metafile: true,
  logLevel: 'warning',
  // What only a configuration file needs stays outside, and so does what starts a server. The others are the project's.
  external: [...Object.keys({ ...dependencies, ...peerDependencies }), 'knex', 'pg-native'],
  define: {
    'import.meta.url': 'importMetaUrl',
    // pg looks at a Response to find out whether it is on Cloudflare, and Node 20 loads its whole fetch for that.
    Response: 'undefined',
  },
  banner: { js: "const importMetaUrl = require('node:url').pathToFileURL(__filename).href;" },
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
// A program, for `findRun`.
await writeFile(join(root, 'dist/cjs/begin-alone.js'), "require('./bundle.js')['begin-alone'];\n");
await writeFile(join(root, 'dist/THIRD-PARTY-LICENSES.txt'), await thirdPartyLicences(root, metafile));
