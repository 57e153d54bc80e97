import type { Queryable } from '@pg-evict/core';
import { inspectLeaks, type LeakedSession } from '../leaks/inspect-leaks.js';
import type { OpenSocket } from '../leaks/watch-sockets.js';
import type { TestRun } from './test-run.js';

/**
 * The sessions behind open sockets, and those that other processes have on a test database of this run. Asks the
 * server once.
 *
 * @param database the names of test databases
 * @throws {@link PgEvictError} `CONNECTION_FAILED`
 */
export async function listLeaks(
  run: TestRun,
  database: string | readonly string[],
  sockets: readonly OpenSocket[],
): Promise<LeakedSession[]> {
  const { host = 'localhost', port = 5432 } = run.server.connection;
  const databases = new Set([database].flat());
  const own = [...run.databases].filter(({ name }) => databases.has(name));
  const memories = await Promise.all(own.map(async (one) => one.memory().catch(() => undefined)));
  // Runs after each test file; planning it takes the server longer than answering.
  const planned: Queryable = {
    query: async (text, values) => run.control.query({ name: 'pg_evict_activity', text }, values),
  };
  return inspectLeaks(planned, sockets, {
    server: { host, port },
    database: [...databases],
    ownPids: memories.flatMap((memory) => (memory === undefined ? [] : [memory.session.pid])),
  });
}
