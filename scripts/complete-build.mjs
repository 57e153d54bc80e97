// Adds to the two builds of a package what the compiler does not write. Run in the package's folder, after `tsc -b`.
import { copyFile, mkdir, readdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

// The package is of ES modules; its CommonJS build says that it is not.
await mkdir('dist/cjs', { recursive: true });
await writeFile('dist/cjs/package.json', '{ "type": "commonjs" }\n');

// The compiler would turn the import() of these files into require() in one of the two builds.
const untouched = (await readdir('src', { recursive: true })).filter((file) => file.endsWith('.cjs'));
for (const file of untouched) {
  for (const build of ['esm', 'cjs']) {
    await mkdir(dirname(join('dist', build, file)), { recursive: true });
    await copyFile(join('src', file), join('dist', build, file));
  }
}
