// Puts the command and what it is made of, core and the driver included, into one CommonJS file: Node reads that in
// half the time that it takes for 250 ES modules, and a run of the command is mostly that.
import { readFile, readdir, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

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

await writeFile(join(root, 'dist/THIRD-PARTY-LICENSES.txt'), await licences(Object.keys(metafile.inputs)));

/** The licences of the packages that the files are from: theirs ask to go with every copy. */
async function licences(files) {
  const folders = new Set();
  for (const file of files) {
    const match = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(file.replaceAll('\\', '/'));
    if (match !== null) folders.add(join(root, match[1]));
  }
  const texts = await Promise.all([...folders].map(licenceOf));
  return `${[...new Set(texts)].toSorted().join(`\n\n${'-'.repeat(80)}\n\n`)}\n`;
}

async function licenceOf(folder) {
  const { name, version, license } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
  const file = (await readdir(folder)).find((entry) => /^licen[cs]e/i.test(entry));
  if (file === undefined && license === undefined) {
    throw new Error(`${name} says nothing of its licence (${relative(dirname(root), folder)}).`);
  }
  const text = file === undefined ? `License: ${license}` : await readFile(join(folder, file), 'utf8');
  return `${name} ${version}\n\n${text.trim()}`;
}
