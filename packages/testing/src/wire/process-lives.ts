import { existsSync, readFileSync } from '../captured/files.js';
import { spawnSync } from '../captured/processes.js';

const kill = process.kill.bind(process);

/** The path where Linux describes each process. */
const processes = '/proc';

/**
 * Whether a process runs. A process that has ended, and whose parent has not yet waited for it, accepts signals, but
 * does not run: it is a zombie.
 */
export function lives(pid: number): boolean {
  try {
    kill(pid, 0);
  } catch (error) {
    return (error as { code?: unknown }).code === 'EPERM';
  }
  return !/^[ZX]/.test(stateOf(pid));
}

/** As `ps` has it, `''` if it is unknown. */
function stateOf(pid: number): string {
  if (process.platform === 'win32') return '';
  if (!existsSync(`${processes}/self/stat`)) {
    const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' }) as {
      // Where there is no ps.
      readonly stdout: string | null;
    };
    return stdout ?? '';
  }
  try {
    // The name of the program comes before, in brackets, and may have any in it.
    return readFileSync(`${processes}/${pid}/stat`, 'latin1').replace(/^.*\) /s, '');
  } catch {
    // It is gone meanwhile.
    return existsSync(`${processes}/${pid}`) ? '' : 'X';
  }
}
