import { renameDatabase } from '@pg-evict/core';
import { openSession } from '../../support/sessions.js';
import { Scratch } from '../../support/scratch.js';
import { ask, databaseExists, serverUrl, uniqueName } from '../../support/server.js';
import { databaseFacts } from '../../support/core/database-facts.js';
import { failureOf } from '../../support/core/failure.js';
import { alive, markerOf, pidsOf, stillAtWork, targetOf } from '../../support/core/target.js';

const scratch = new Scratch();
afterAll(async () => scratch.cleanUp());

test('a database in use is renamed with all that belongs to it', async () => {
  const database = await scratch.database();
  await ask(`COMMENT ON DATABASE "${database}" IS 'mine'; ALTER DATABASE "${database}" SET work_mem = '7MB'`);
  const facts = await databaseFacts(database);
  const session = await openSession(serverUrl({ database }), 'active');
  const to = scratch.newName('renamed');
  const report = await renameDatabase(targetOf(database), to);
  expect(report).toMatchObject({ command: 'rename', database, to, changed: true });
  expect(report.terminated).toMatchObject([{ pid: session.pid, state: 'active' }]);
  expect(await session.ended).toBe('57P01');
  expect(await databaseExists(database)).toBe(false);
  expect(await databaseFacts(to)).toEqual(facts);
  expect(await markerOf(to)).toBe('old');
});

test('its own name is refused as that', async () => {
  const database = await scratch.database();
  const session = await openSession(serverUrl({ database }));
  expect(await failureOf(renameDatabase(targetOf(database), database))).toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringContaining(`Database "${database}" already has this name.`) as string,
  });
  expect(await alive([session.pid])).toEqual([session.pid]);
  await session.close();
});

test('an existing target name is an error, and neither database is touched', async () => {
  const [database, to] = [await scratch.database(), await scratch.database()];
  const sessions = await Promise.all(
    [database, to].map(async (name) => openSession(serverUrl({ database: name }))),
  );
  const pids = pidsOf(sessions);
  const target = targetOf(database);
  expect(await failureOf(renameDatabase(target, to))).toMatchObject({
    code: 'DATABASE_EXISTS',
    database: to,
    terminated: [],
  });
  expect(await alive(pids)).toEqual(pids);
  expect(await stillAtWork(target)).toEqual([]);
  await Promise.all(sessions.map(async (session) => session.close()));
});

test('a missing database is an error', async () => {
  const error = await failureOf(renameDatabase(targetOf(uniqueName('missing')), scratch.newName('renamed')));
  expect(error.code).toBe('DATABASE_NOT_FOUND');
});

test('an owner without CREATEDB gets an error before any session is terminated', async () => {
  const role = await scratch.role();
  const database = await scratch.database(uniqueName('db'), `OWNER "${role}"`);
  const session = await openSession(serverUrl({ database }));
  const error = await failureOf(renameDatabase(targetOf(database, role), scratch.newName('renamed')));
  expect(error).toMatchObject({ code: 'PERMISSION_DENIED', hint: `ALTER ROLE "${role}" CREATEDB;` });
  expect(await alive([session.pid])).toEqual([session.pid]);
  await session.close();
});

test('a dry run renames nothing and terminates no session', async () => {
  const database = await scratch.database();
  const session = await openSession(serverUrl({ database }));
  const to = scratch.newName('renamed');
  const report = await renameDatabase(targetOf(database), to, { dryRun: true });
  expect(report).toMatchObject({ changed: true, dryRun: true, to, terminated: [{ pid: session.pid }] });
  expect([await databaseExists(database), await databaseExists(to)]).toEqual([true, false]);
  expect(await alive([session.pid])).toEqual([session.pid]);
  await session.close();
});
