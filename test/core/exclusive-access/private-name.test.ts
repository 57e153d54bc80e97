import { recreateDatabase, withExclusiveAccess } from '@pg-evict/core';
import { markerOf, pidsOf, targetOf } from '../../support/core/target.js';
import { Scratch } from '../../support/scratch.js';
import { ask, serverUrl } from '../../support/server.js';
import { openSession, useSessions } from '../../support/sessions.js';

const scratch = new Scratch();
afterAll(async () => scratch.cleanUp());
const sessionOn = useSessions();

test('a client that knows the private name can connect, no client can under the real name, and its session is terminated when the database is given back', async () => {
  const database = await scratch.database();
  const stranger = await scratch.role();
  const seen = await withExclusiveAccess(targetOf(database), async (access) => {
    const refused = await openSession(serverUrl({ database })).catch((error: unknown) => error);
    // What a tool does that visits every database.
    const names = await ask<{ name: string }>(
      `SELECT datname AS name FROM pg_database WHERE datname LIKE 'pg\\_evict\\_held\\_%'`,
    );
    expect(names.map(({ name }) => name)).toContain(access.database);
    return { refused, visitor: await sessionOn(access.database, { user: stranger }) };
  });
  expect(seen.value.refused).toMatchObject({ code: '55000' });
  expect(pidsOf(seen.terminated)).toEqual([]);
  expect(await seen.value.visitor.ended).toBe('57P01');
  expect(await markerOf(database)).toBe('old');
});

test('a session on the new database while it is filled is ended as well', async () => {
  const database = await scratch.database();
  const stranger = await scratch.role();
  let visitor: Awaited<ReturnType<typeof sessionOn>> | undefined;
  await recreateDatabase(targetOf(database), {
    fill: async (access) => {
      visitor = await sessionOn(access.database, { user: stranger });
    },
  });
  expect(await visitor?.ended).toBe('57P01');
  expect(await ask(`SELECT datallowconn AS lets FROM pg_database WHERE datname = $1`, [database])).toEqual([
    { lets: true },
  ]);
});
