import { AsyncResource } from 'node:async_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { PgEvictError } from '@pg-evict/core';
import { inspectLeaks } from '../leaks/inspect-leaks.js';
import { printable } from '../leaks/printable.js';
import { type SocketWatch, unwatched, watchSockets } from '../leaks/watch-sockets.js';
import type { DatabaseAddress } from '../server/database-address.js';
import { ServerSession } from '../session/server-session.js';

/** How long connections that are closing, and work that was not waited for, may take. */
const closingMs = 100;
const workingMs = 500;

/**
 * Fills a template with a function of the project. A client or pool that it leaves open is closed without notice: the
 * end of its session would be an `error` event that crashes the process.
 *
 * @throws {@link PgEvictError} `BLOCKED` if it has returned before its work was complete: the template would lack the
 * rest
 */
export async function fillWithFunction(
  setup: (url: string) => unknown,
  address: DatabaseAddress,
): Promise<void> {
  const context = new AsyncResource('pg-evict.setup');
  await context.runInAsyncScope(async () => {
    const { PGHOST: host = 'localhost', PGPORT: port } = address.environment;
    const watch = watchSockets({ file: 'setup', server: { host, port: Number(port) } });
    try {
      await setup(address.url);
      const open = await watch.settle(closingMs);
      if (open.length > 0) await unwatched(async () => refuseUnfinished(watch, address));
    } finally {
      watch.end();
    }
  });
}

async function refuseUnfinished(watch: SocketWatch, { connection }: DatabaseAddress): Promise<void> {
  const { host = 'localhost', port = 5432, database } = connection;
  const session = await ServerSession.open(connection, database);
  try {
    const endsAt = performance.now() + workingMs;
    for (;;) {
      const left = await inspectLeaks(session, watch.openSockets(), { server: { host, port } });
      const working = left.find(({ state }) => state === 'active' || state === 'connecting');
      if (working === undefined) return;
      if (performance.now() > endsAt) {
        const { state, query } = working;
        const what = query === null ? '' : `: ${printable(query)}`;
        throw new PgEvictError('BLOCKED', `It returned while a session of its own was ${state}${what}.`, {
          hint: 'Await all its work, and close all connections that it opens.',
        });
      }
      await delay(20);
    }
  } finally {
    await session.close();
  }
}
