// Puts the command and what it is made of, core and the driver included, into one CommonJS file: Node reads that in
// half the time that it takes for 250 ES modules, and a run of the command is mostly that.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { thirdPartyLicences } from './third-party-licences.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const { dependencies } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));

const { metafile } = await build({
  absWorkingDir: root,
  entryPoints: ['src/main.ts'],
  outfile: 'dist/main.cjs',
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  format: 'cjs',
  metafile: true,
  logLevel: 'warning',
  // What only a configuration file or a TypeScript knexfile needs stays outside, and so does pg's optional other driver.
  // knex is the project's.
  external: [...Object.keys(dependencies), 'knex', 'pg-native'],
  define: {
    'import.meta.url': 'importMetaUrl',
    // pg looks at a Response to find out whether it is on Cloudflare, and Node 20 loads its whole fetch for that.
    Response: 'undefined',
  },
  banner: { js: "const importMetaUrl = require('node:url').pathToFileURL(__filename).href;" },
});

await writeFile(join(root, 'dist/THIRD-PARTY-LICENSES.txt'), await thirdPartyLicences(root, metafile));
