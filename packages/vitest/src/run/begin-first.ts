import { join } from 'node:path';
import { packageDirectory } from '../package-directory.cjs';
import { setupFile } from './left-out.js';

/** The imports that a test file begins with, once a worker has loaded it. */
const beginFile = join(packageDirectory, '../esm/file/begin-test-file.js');

/**
 * A setup file of the project, changed to begin the test file before anything else: with `sequence.setupFiles:
 * 'parallel'`, Vitest's default, setup files are evaluated in any order. Its imports follow the first line; its own
 * code follows the second, also if its imports were evaluated for another test file.
 */
export function withBeginning(code: string): string {
  // On one line, so that line numbers stay the same.
  return `import ${quote(setupFile)}; import { beginTestFile as beginPgEvictFile } from ${quote(beginFile)}; await beginPgEvictFile(); ${code}`;
}

/** A path as Vite has them. */
function quote(path: string): string {
  return JSON.stringify(path.replaceAll('\\', '/'));
}
