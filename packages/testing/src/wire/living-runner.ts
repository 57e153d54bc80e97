import { readlinkSync } from 'node:fs';

const read = readlinkSync;

/**
 * The process whose end is that of a run: the runner, or this process itself where the runner, its parent, has ended
 * already, so that another process has adopted it, which may live for ever.
 *
 * @param runner a pid: this process's own, or that of the parent that it has now
 */
export const livingRunner = (runner: number): number =>
  runner === process.pid || isNode(runner) ? runner : process.pid;

/** Runners start their workers with the program that runs them. The first process of a container may be one. */
function isNode(pid: number): boolean {
  const own = programOf('self');
  if (own === undefined) return pid > 1;
  const its = programOf(pid);
  // A process of another user cannot be queried.
  return its === undefined ? pid > 1 : its === own;
}

/** The program of a process, where Linux tells. */
function programOf(process: number | 'self'): string | undefined {
  try {
    return read(`/proc/${process}/exe`);
  } catch {
    return undefined;
  }
}
