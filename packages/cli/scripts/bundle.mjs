// Puts the command and what it is made of, core and the driver included, into one CommonJS file: Node reads that in
// half the time that it takes for 250 ES modules, and a run of the command is mostly that.
import { fileURLToPath } from 'node:url';
import { bundlePackage } from './bundle-package.mjs';

await bundlePackage(fileURLToPath(new URL('..', import.meta.url)), {
  entryPoints: {
    main: 'src/main.ts',
    // A program of core's, which starts it from beside itself: it has to live on when the command is killed.
    'resume-poolers': '../core/dist/esm/resume-poolers.js',
    // Programs that the command starts, or has loaded into those that it starts.
    'filling-process': '@pg-evict/testing/filling-process',
    'connection-guard': '@pg-evict/testing/connection-guard',
  },
  outdir: 'dist',
  outExtension: { '.js': '.cjs' },
});
