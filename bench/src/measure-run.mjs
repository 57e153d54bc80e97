import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';

/** How often a process is looked at, and how many ticks a second of processor time has on Linux. */
const everyMs = 20;
const ticksPerSecond = 100;

/**
 * Runs a program to its end and measures it. Processor time and the most memory that it had at once are told by /proc, of
 * the process alone, and `undefined` elsewhere than on Linux; the last moments may be missing.
 */
export async function measureRun(program, args, env) {
  const startedAt = performance.now();
  const child = spawn(program, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let seen = {};
  const watch = setInterval(() => {
    seen = look(child.pid) ?? seen;
  }, everyMs);
  const closed = new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const [code, errors] = await Promise.all([closed, text(child.stderr)]).finally(() => clearInterval(watch));
  if (code !== 0) throw new Error(`${program} ended with ${code}: ${errors.trim().slice(-2000)}`);
  return { ms: performance.now() - startedAt, ...seen };
}

function look(pid) {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ', 2)[1].split(' ');
    const highest = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1];
    if (highest === undefined) return undefined;
    const ticks = Number(fields[11]) + Number(fields[12]);
    return { cpuMs: (ticks * 1000) / ticksPerSecond, peakMb: Number(highest) / 1024 };
  } catch {
    return undefined;
  }
}
