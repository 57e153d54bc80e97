import { readlinkSync } from '../captured/files.js';

/**
 * The process that a run ends with: the runner, or this process itself if the runner, its parent, has ended already. In
 * the latter case another process, which may live for ever, has adopted it.
 *
 * @param runner a pid: this process's own, or that of its present parent
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

/** The program of a process, on Linux. */
function programOf(process: number | 'self'): string | undefined {
  try {
    return readlinkSync(`/proc/${process}/exe`);
  } catch {
    return undefined;
  }
}
