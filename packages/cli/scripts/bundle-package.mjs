import { readFile, readdir, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/** A library that only a configuration file needs: it has a file of its own, which is not read without one. */
const configurationReader = 'cosmiconfig';

/**
 * Makes one CommonJS file of a package and everything it is made of, the driver included, and one of what reads
 * configuration files.
 */
export async function bundlePackage(root, input) {
  const main = await bundleWithLibraries(root, {
    ...input,
    plugins: [
      {
        name: 'configuration reader',
        // Required, although it is imported: for import(), Node looks through the whole file for names (14 ms).
        setup({ onResolve, onLoad }) {
          const file = `./${configurationReader}.cjs`;
          const namespace = 'configuration reader';
          onResolve({ filter: new RegExp(`^${configurationReader}$`) }, ({ path }) => ({ path, namespace }));
          onLoad({ filter: /^/, namespace }, () => ({ contents: `module.exports = require('${file}');` }));
          onResolve({ filter: /^/, namespace }, ({ path }) => ({ path, external: true }));
        },
      },
    ],
  });
  const outfile = join(dirname(input.outfile), `${configurationReader}.cjs`);
  const reader = await bundleWithLibraries(root, {
    // The names stand there for import().
    stdin: {
      contents: `export { cosmiconfig, defaultLoaders } from '${configurationReader}';`,
      resolveDir: fileURLToPath(new URL('../../config', import.meta.url)),
    },
    outfile,
    minify: true,
    lineLimit: 200,
  });
  await writeFile(
    join(root, 'dist/THIRD-PARTY-LICENSES.txt'),
    await thirdPartyLicences(root, [main, reader]),
  );
}

async function bundleWithLibraries(root, options) {
  const { dependencies, peerDependencies } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  const { metafile } = await build({
    absWorkingDir: root,
    ...options,
    bundle: true,
    platform: 'node',
    target: 'node20.19',
    format: 'cjs',
    metafile: true,
    logLevel: 'warning',
    // The dependencies of the package stay outside, as do the packages of the project: peers, knex and pg's optional
    // other driver. cosmiconfig has a loader that needs TypeScript, and it is never called.
    external: [...Object.keys({ ...dependencies, ...peerDependencies }), 'knex', 'pg-native', 'typescript'],
    define: {
      'import.meta.url': 'importMetaUrl',
      // pg looks at a Response to find out whether it is on Cloudflare, and Node 20 loads its whole fetch for that.
      Response: 'undefined',
    },
    banner: { js: "const importMetaUrl = require('node:url').pathToFileURL(__filename).href;" },
  });
  await toAscii(join(root, options.outfile));
  return Object.keys(metafile.inputs);
}

/**
 * Replaces what esbuild does not escape, which stands in comments. For a single such character V8 would store the whole
 * file with two bytes a character, which takes longer to read.
 */
async function toAscii(file) {
  const text = await readFile(file, 'utf8');
  // oxlint-disable-next-line no-control-regex -- all of ASCII
  await writeFile(file, text.replaceAll(/[^\x00-\x7f]+/g, '-'));
}

/** Makes one CommonJS file of a small program of ours that is not made of packages of others. */
export async function bundleProgram(root, entry, outfile) {
  await build({
    absWorkingDir: root,
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20.19',
    format: 'cjs',
    logLevel: 'warning',
  });
}

/** The licences of the packages that a bundle of a package's is made of: theirs ask to go with every copy. */
async function thirdPartyLicences(root, inputs) {
  const folders = new Set();
  for (const file of inputs.flat()) {
    const match = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(file.replaceAll('\\', '/'));
    if (match !== null) folders.add(join(root, match[1]));
  }
  const texts = await Promise.all([...folders].map(async (folder) => licenceOf(folder, dirname(root))));
  return `${[...new Set(texts)].toSorted().join(`\n\n${'-'.repeat(80)}\n\n`)}\n`;
}

async function licenceOf(folder, from) {
  const { name, version, license } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
  const file = (await readdir(folder)).find((entry) => /^licen[cs]e/i.test(entry));
  if (file === undefined && license === undefined) {
    throw new Error(`${name} says nothing of its licence (${relative(from, folder)}).`);
  }
  const text = file === undefined ? `License: ${license}` : await readFile(join(folder, file), 'utf8');
  return `${name} ${version}\n\n${text.trim()}`;
}
