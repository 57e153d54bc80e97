import { ask, serverUrl, until } from '../server.js';
import { openSession, type OpenSession } from '../sessions.js';

/** A real queue for the table `marker`: who waits stands behind who holds. */
export interface LockQueue {
  readonly holder: OpenSession;
  readonly first: OpenSession;
  readonly second: OpenSession;
  close(): Promise<void>;
}

/** Opens a session that reads in an open transaction, one that wants the table alone, and one that wants to read. */
export async function openLockQueue(database: string): Promise<LockQueue> {
  const url = serverUrl({ database });
  const [holder, first, second] = [await openSession(url), await openSession(url), await openSession(url)];
  await holder.client.query('BEGIN; SELECT FROM marker');
  const waits = [first.client.query('BEGIN; LOCK marker').catch(() => undefined)];
  await untilWaiting(first.pid);
  waits.push(second.client.query('SELECT FROM marker').catch(() => undefined));
  await untilWaiting(second.pid);
  return {
    holder,
    first,
    second,
    close: async () => {
      for (const session of [holder, first, second]) await session.close();
      await Promise.all(waits);
    },
  };
}

async function untilWaiting(pid: number): Promise<void> {
  await until(async () => {
    const rows = await ask('SELECT FROM pg_locks WHERE pid = $1 AND NOT granted', [pid]);
    return rows.length > 0;
  }, `session ${pid} to wait for a lock`);
}
