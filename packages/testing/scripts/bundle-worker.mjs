// Puts the worker's side into one file for `require` and one for `import`: each process of a test runner loads it, and
// of what it is made of it needs neither the driver nor the engine.
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));

await Promise.all(
  ['cjs', 'esm'].map(async (format) =>
    build({
      absWorkingDir: root,
      entryPoints: ['src/worker.ts'],
      outfile: `dist/${format}/worker.js`,
      bundle: true,
      platform: 'node',
      target: 'node20.19',
      format,
      logLevel: 'warning',
      external: ['pg'],
    }),
  ),
);
