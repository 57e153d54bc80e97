import type { Client } from 'pg';
import type { ResolvedPooler } from '../connection/target.js';
import { databaseUrl } from '../connection/url.js';
import type { Deadline } from '../contract/deadline.js';
import { isNotPaused, PoolerConsole } from './console.js';
import { findAliases } from './find-aliases.js';
import { isAliasLocked, lockAliases, unlockAliases } from './pause-lock.js';

/** An alias of a pooler that is paused: its clients wait. */
export interface PausedPoolerAlias {
  /** The pooler, without a password. */
  readonly url: string;
  readonly alias: string;
  /** The database that it leads to. */
  readonly database: string;
  /** Whether a running operation of pg-evict has paused it. */
  readonly operating: boolean;
}

/** The result of an attempt to resume an alias. */
export interface ResumedAlias {
  readonly alias: string;
  /** Why it is still paused; `null` if it is not. */
  readonly failure: string | null;
}

/**
 * The paused aliases of a pooler that lead to a database. It is not known what paused them: an operation whose machine
 * crashed, or a person.
 *
 * @throws the console's error
 */
export async function findPaused(
  { settings, databases }: ResolvedPooler,
  control: Client,
  database: string,
): Promise<PausedPoolerAlias[]> {
  const url = databaseUrl({ ...settings, password: undefined }, settings.database ?? '');
  return atConsole(settings, async (console) => {
    const rows = await findAliases(console, control, [database], databases);
    const found: PausedPoolerAlias[] = [];
    for (const { name, paused } of rows) {
      const alias = { alias: name, database };
      if (paused !== 0) found.push({ url, ...alias, operating: await isAliasLocked(control, alias) });
    }
    return found;
  });
}

/**
 * Resumes the paused aliases of a pooler that lead to a database, except those that an operation has paused.
 *
 * PgBouncer (1.18) ends with "admin_pause_done: bad state" if an alias is resumed while another console's PAUSE still
 * waits. So if connections are left, and another client is at the console, the alias stays paused.
 *
 * @throws the console's error
 */
export async function resumePaused(
  { settings, databases }: ResolvedPooler,
  control: Client,
  database: string,
  deadline: Deadline,
): Promise<ResumedAlias[]> {
  return atConsole(settings, async (console) => {
    const rows = await findAliases(console, control, [database], databases);
    const resumed: ResumedAlias[] = [];
    for (const { name: alias, paused } of rows) {
      const lock = { alias, database };
      if (paused === 0 || (await isAliasLocked(control, lock))) continue;
      if (!(await lockAliases(control, [lock], deadline))) continue;
      try {
        resumed.push({ alias, failure: await resumeUnlessWaited(console, alias) });
      } finally {
        await unlockAliases(control, [lock]);
      }
    }
    return resumed;
  });
}

async function resumeUnlessWaited(console: PoolerConsole, alias: string): Promise<string | null> {
  const isOpen = (await console.servers()).some(({ database }) => database === alias);
  if (isOpen && (await console.hasOthers()))
    return 'a PAUSE may still wait for transactions: close the other connections to the console first';
  try {
    await console.resume(alias);
  } catch (error) {
    if (!isNotPaused(error)) throw error;
  }
  return null;
}

async function atConsole<T>(
  settings: ResolvedPooler['settings'],
  callback: (console: PoolerConsole) => Promise<T>,
): Promise<T> {
  const console = await PoolerConsole.open(settings);
  try {
    return await callback(console);
  } finally {
    await console.close();
  }
}
