// Makes what is run of the declarations' sources: see bundle-runner.mjs.
import { fileURLToPath } from 'node:url';
import { bundleProgram } from '../../cli/scripts/bundle-package.mjs';
import { bundleRunner } from '../../cli/scripts/bundle-runner.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

await bundleRunner(root, {
  worker: ['index', 'jsdom', 'jest-preset', 'worker'],
  main: ['global-setup', 'global-teardown'],
  programs: ['begin-elsewhere', 'end-elsewhere', 'host-program'],
});
// Loaded into the sandbox of every test file.
await bundleProgram(root, 'src/outside.cts', 'dist/cjs/outside.cjs');
