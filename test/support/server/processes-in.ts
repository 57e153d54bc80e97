import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** The processes that mention a folder in their command line, work in it, or have a file of it open. */
export function processesIn(folder: string): string[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry) && Number(entry) !== process.pid)
    .filter((pid) => touches(pid, folder))
    .map(
      (pid) => `${pid} ${quietly(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8')).replaceAll('\0', ' ')}`,
    );
}

function touches(pid: string, folder: string): boolean {
  const descriptors = quietly(() => readdirSync(`/proc/${pid}/fd`).join(' ')).split(' ');
  return [
    quietly(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8')),
    quietly(() => readlinkSync(`/proc/${pid}/cwd`)),
    ...descriptors.map((fd) => quietly(() => readlinkSync(`/proc/${pid}/fd/${fd}`))),
  ].some((text) => text.includes(folder));
}

// Processes come and go while they are looked at.
function quietly(read: () => string): string {
  try {
    return read();
  } catch {
    return '';
  }
}
