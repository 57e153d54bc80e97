import { readFileSync } from 'node:fs';

/** How many ticks a second of processor time has on Linux. */
const ticksPerSecond = 100;

/**
 * Processor time that a process and those of its children have taken that have ended and were waited for, and theirs, in
 * milliseconds. Linux only: `NaN` elsewhere.
 */
export function processorTimeOf(pid) {
  const ticks = ticksOf(pid);
  return toMs(ticks.slice(0, 4));
}

/** The same of the children of this process alone. */
export function processorTimeOfChildren() {
  return toMs(ticksOf('self').slice(2, 4));
}

const toMs = (ticks) => (ticks.reduce((sum, one) => sum + one, 0) * 1000) / ticksPerSecond;

/** utime, stime, cutime, cstime. */
function ticksOf(pid) {
  try {
    // The name of the program comes before, in brackets, and may have any in it.
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1')
      .replace(/^.*\) /s, '')
      .split(' ');
    return fields.slice(11, 15).map(Number);
  } catch {
    return [NaN, NaN, NaN, NaN];
  }
}

/** The server's first process, whose children are all others: `null` where nobody can tell. */
export function postmasterOf({ dataDirectory }) {
  try {
    return Number(readFileSync(`${dataDirectory}/postmaster.pid`, 'utf8').split('\n', 1)[0]);
  } catch {
    return null;
  }
}
