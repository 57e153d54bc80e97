import { join } from 'node:path';
import { readdirSync, renameSync, unlinkSync, writeFileSync } from '../captured/files.js';
import { lives } from './process-lives.js';

// Some runners need the name of a database before anybody can wait (Jest's constructor, Mocha's --require). So the host
// puts a file into its folder for each database that is ready, and a thread takes the database by renaming the file,
// which only one can do. Otherwise the database would have to be renamed to a name that the thread proposes, for which
// the host's session on it has to end.

/** Between the name of a database and the pid of the process that has taken it. */
const separator = '~';

/** Where a host's ready databases are. */
export const readyIn = (folder: string): string => join(folder, 'ready');

/** For the host: offers a database that is ready. If that cannot be written, the database is the host's alone. */
export function offerReady(folder: string, name: string): void {
  succeeds(() => writeFileSync(join(readyIn(folder), name), '', { mode: 0o600 }));
}

/**
 * For the host: withdraws the offer of a database.
 *
 * @returns `false` if a process that still runs has taken it
 */
export function withdrawReady(folder: string, name: string): boolean {
  if (succeeds(() => unlinkSync(join(readyIn(folder), name)))) return true;
  const taken = takenIn(folder, name);
  // Otherwise somebody has removed the files, and nobody can take it any more.
  if (taken === undefined) return true;
  if (lives(Number(taken.split(separator)[1]))) return false;
  succeeds(() => unlinkSync(join(readyIn(folder), taken)));
  return true;
}

/** For the host: forgets the offer of a database, which somebody has requested by its name. */
export function forgetReady(folder: string, name: string): void {
  const taken = takenIn(folder, name);
  for (const file of taken === undefined ? [name] : [name, taken]) {
    succeeds(() => unlinkSync(join(readyIn(folder), file)));
  }
}

/** For a thread: takes a database of a run that is ready; returns its name. */
export function takeReady(folder: string, run: string): string | undefined {
  return filesIn(folder).find(
    (file) =>
      file.includes(`_${run}_`) &&
      !file.includes(separator) &&
      succeeds(() =>
        renameSync(join(readyIn(folder), file), join(readyIn(folder), `${file}${separator}${process.pid}`)),
      ),
  );
}

function takenIn(folder: string, name: string): string | undefined {
  return filesIn(folder).find((file) => file.startsWith(`${name}${separator}`));
}

/** None if the run has been ended, which the next request says. */
function filesIn(folder: string): string[] {
  try {
    return readdirSync(readyIn(folder));
  } catch {
    return [];
  }
}

function succeeds(attempt: () => void): boolean {
  try {
    attempt();
    return true;
  } catch {
    return false;
  }
}
