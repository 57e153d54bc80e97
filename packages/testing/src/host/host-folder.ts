import { mkdir, mkdtemp, readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { lives } from '../wire/process-lives.js';
import { readyIn } from '../wire/ready-databases.js';

/** The longest path that a Unix socket has everywhere (`sun_path` of macOS, less a NUL). */
const longestPath = 103;

const prefix = 'pg-evict-';
/** As `mkdtemp` names them. */
const namePattern = /^pg-evict-[A-Za-z0-9]{6}$/;

/** The process whose folder it is. */
interface Owner {
  readonly pid: number;
  /** When it was started, in the kernel's own unit: pids are used again. `null` if that is unknown. */
  readonly startedAt: string | null;
  /** Where its pid means something: containers may share a folder, and have pids of their own. */
  readonly machine: string;
}

/**
 * Makes a folder for the host that this process is. No other user may open it (`mkdtemp` makes it with mode 0700), and
 * its path is short enough for a socket. Removes those of hosts that were killed.
 */
export async function makeHostFolder(): Promise<string> {
  const isTooLong = process.platform !== 'win32' && join(tmpdir(), `${prefix}XXXXXX/s`).length > longestPath;
  const parent = isTooLong ? '/tmp' : tmpdir();
  const machine = await thisMachine();
  await removeFoldersOfDead(parent, machine);
  const folder = await mkdtemp(join(parent, prefix));
  await mkdir(readyIn(folder), { mode: 0o700 });
  const owner: Owner = { pid: process.pid, startedAt: await startOf(process.pid), machine };
  await writeFile(ownerIn(folder), JSON.stringify(owner), { mode: 0o600 });
  return folder;
}

async function removeFoldersOfDead(parent: string, machine: string): Promise<void> {
  const names = await readdir(parent).catch(() => []);
  for (const name of names.filter((one) => namePattern.test(one))) {
    const folder = join(parent, name);
    const owner = await ownerOf(folder);
    if (owner === undefined || owner.machine !== machine || (await isAlive(owner))) continue;
    // Another host may remove it, too.
    await rm(folder, { recursive: true, force: true }).catch(() => undefined);
  }
}

/** `undefined` if it is another user's, no host's, or one's that has just begun. */
async function ownerOf(folder: string): Promise<Owner | undefined> {
  try {
    return JSON.parse(await readFile(ownerIn(folder), 'utf8')) as Owner;
  } catch {
    return undefined;
  }
}

async function isAlive({ pid, startedAt }: Owner): Promise<boolean> {
  if (!lives(pid)) return false;
  const start = await startOf(pid);
  return start === null || startedAt === null || start === startedAt;
}

/** On Linux: the ticks from the start of the machine to that of a process. */
async function startOf(pid: number): Promise<string | null> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'latin1');
    // The name of the program comes before, in brackets, and may have any in it.
    return stat.replace(/^.*\) /s, '').split(' ')[19] ?? null;
  } catch {
    return null;
  }
}

async function thisMachine(): Promise<string> {
  const pids = await readlink('/proc/self/ns/pid').catch(() => '');
  return `${hostname()} ${pids}`;
}

const ownerIn = (folder: string): string => join(folder, 'owner.json');
