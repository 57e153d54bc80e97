// Makes what is run of the declarations' sources: see bundle-runner.mjs. What each test file loads is two ES modules, as
// Vitest cannot be required: the setup file, which Vite transforms, so it is small; and all that it needs, which Node
// loads itself.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { askingForBuiltins } from '../../cli/scripts/asking-for-builtins.mjs';
import { bundleRunner } from '../../cli/scripts/bundle-runner.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

await bundleRunner(root, {
  worker: ['index', 'worker'],
  main: ['global-setup'],
  programs: ['begin-elsewhere', 'end-elsewhere', 'host-program'],
});
const common = {
  absWorkingDir: root,
  platform: 'node',
  target: 'node20.19',
  format: 'esm',
  logLevel: 'warning',
};
await build({ ...common, entryPoints: ['src/setup.ts'], outfile: 'dist/esm/setup.js' });
const { outputFiles } = await build({
  ...common,
  entryPoints: ['src/file/begin-test-file.ts'],
  bundle: true,
  external: ['vitest'],
  write: false,
  // The folder of a build.
  define: { __dirname: 'packageFolder' },
  banner: { js: "const packageFolder = process.getBuiltinModule('node:path').dirname(import.meta.dirname);" },
});
await mkdir(join(root, 'dist/esm/file'), { recursive: true });
await writeFile(
  join(root, 'dist/esm/file/begin-test-file.js'),
  askingForBuiltins(outputFiles[0].text, ['vitest']),
);
