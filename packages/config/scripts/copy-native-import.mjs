// The compiler would turn the import() in it into require() in one of the two builds.
import { copyFile } from 'node:fs/promises';

for (const build of ['esm', 'cjs']) {
  await copyFile(
    new URL('../src/load/native-import.cjs', import.meta.url),
    new URL(`../dist/${build}/load/native-import.cjs`, import.meta.url),
  );
}
