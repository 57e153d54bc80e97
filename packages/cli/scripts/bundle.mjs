// Puts the command and everything it is made of, core and the driver included, into one CommonJS file: Node reads that
// in half the time that it takes for 250 ES modules, and a run of the command is mostly that.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundlePackage, bundleProgram } from './bundle-package.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
/** The programs in the bundle. Each is run when it is first read from there. */
const programs = {
  main: './src/main.ts',
  // Started by the command. Of the same build of core as the command, so that the bundle has that once.
  'filling-process': '../testing/dist/esm/filling-process.cjs',
};

// Started by core from the folder of the bundle, while an operation waits for it: it has to survive the command.
await bundlePackage(root, {
  entryPoints: ['../core/dist/esm/resume-poolers.js'],
  outfile: 'dist/resume-poolers.cjs',
});
// Last, as this one has the licences of the other as well.
await bundlePackage(root, {
  stdin: {
    contents: `module.exports = {
      ${Object.entries(programs)
        .map(([name, source]) => `get '${name}'() { return require('${source}'); }`)
        .join(',\n')}
    };`,
    resolveDir: root,
  },
  outfile: 'dist/bundle.cjs',
});
for (const program of Object.keys(programs)) {
  await writeFile(join(root, `dist/${program}.cjs`), `require('./bundle.cjs')['${program}'];\n`);
}
// Loaded into every Node process that fills a database.
await bundleProgram(root, '@pg-evict/testing/connection-guard', 'dist/connection-guard.cjs');
