import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** The reason why a command cannot be run, with a shell's exit code for it. */
export interface MissingExecutable {
  readonly message: string;
  readonly exitCode: 126 | 127;
}

/** Checks whether a command can be run, as execvp() would; `undefined` if it can. */
export function findExecutable(file: string): MissingExecutable | undefined {
  // Windows searches more places and names than are worth imitating: starting the command will show it.
  if (process.platform === 'win32') return undefined;
  const candidates = file.includes('/')
    ? [file]
    : (process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder || '.', file));
  let isThere = false;
  for (const candidate of candidates) {
    try {
      if (!statSync(candidate).isFile()) continue;
      isThere = true;
      accessSync(candidate, constants.X_OK);
      return undefined;
    } catch {
      // Another folder may have it.
    }
  }
  return isThere
    ? { message: `The file ${file} may not be executed`, exitCode: 126 }
    : { message: `There is no command ${file}`, exitCode: 127 };
}
