// Puts the worker's side into one file, and an entry for `import` beside it: each process of a test runner loads it, and
// of what it is made of it needs neither the driver nor the engine.
import { createRequire } from 'node:module';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));

await build({
  absWorkingDir: root,
  entryPoints: ['src/worker.ts'],
  outfile: 'dist/cjs/worker.js',
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  format: 'cjs',
  logLevel: 'warning',
  external: ['pg'],
});
const names = Object.keys(createRequire(import.meta.url)('../dist/cjs/worker.js'));
const forImport = [
  "import worker from '../cjs/worker.js';",
  `export const { ${names.join(', ')} } = worker;`,
];
await writeFile(join(root, 'dist/esm/worker.js'), `${forImport.join('\n')}\n`);
