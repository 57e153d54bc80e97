import { cloneDatabase, createDatabase, recreateDatabase } from '@pg-evict/core';
import { openSession } from '../../support/sessions.js';
import { Scratch } from '../../support/scratch.js';
import { ask, databaseExists, serverUrl, uniqueName } from '../../support/server.js';
import { databaseFacts } from '../../support/core/database-facts.js';
import { failureOf } from '../../support/core/failure.js';
import { alive, markerOf, pidsOf, stillAtWork, targetOf } from '../../support/core/target.js';

const scratch = new Scratch();
afterAll(async () => scratch.cleanUp());

test('a database is created for the role that asks', async () => {
  const role = await scratch.role('CREATEDB');
  const database = scratch.newName();
  const report = await createDatabase(targetOf(database, role));
  expect(report).toMatchObject({ command: 'create', database, changed: true, terminated: [] });
  expect(await databaseFacts(database)).toMatchObject({ owner: role });
});

test('a database is created from a template, whose sessions are terminated', async () => {
  const template = await scratch.database();
  const session = await openSession(serverUrl({ database: template }));
  const database = scratch.newName();
  const report = await createDatabase(targetOf(database), { template });
  expect(report.terminated).toMatchObject([{ pid: session.pid }]);
  expect(await session.ended).toBe('57P01');
  expect([await markerOf(database), await markerOf(template)]).toEqual(['old', 'old']);
});

test('another role can be named as the owner', async () => {
  const owner = await scratch.role();
  const database = scratch.newName();
  await createDatabase(targetOf(database), { owner });
  expect(await databaseFacts(database)).toMatchObject({ owner });
});

test('an existing database is an error, and with ifNotExists it stays unchanged', async () => {
  const database = await scratch.database();
  expect(await failureOf(createDatabase(targetOf(database)))).toMatchObject({ code: 'DATABASE_EXISTS' });
  expect(await createDatabase(targetOf(database), { ifNotExists: true })).toMatchObject({ changed: false });
  expect(await markerOf(database)).toBe('old');
});

test('of ten calls that create the same database at once with ifNotExists, one creates it, and none fails', async () => {
  const database = scratch.newName();
  const reports = await Promise.all(
    Array.from({ length: 10 }, async () => createDatabase(targetOf(database), { ifNotExists: true })),
  );
  expect(reports.filter(({ changed }) => changed)).toHaveLength(1);
});

test('a missing template is an error that names it', async () => {
  const [target, template] = [targetOf(scratch.newName()), uniqueName('missing')];
  const error = await failureOf(createDatabase(target, { template }));
  expect(error).toMatchObject({ code: 'DATABASE_NOT_FOUND', database: template });
  expect(await databaseExists(target.database)).toBe(false);
  expect(await stillAtWork(target)).toEqual([]);
});

test('a role that may not create databases gets an error with the remedy', async () => {
  const role = await scratch.role();
  const target = targetOf(scratch.newName(), role);
  const error = await failureOf(createDatabase(target));
  expect(error).toMatchObject({ code: 'PERMISSION_DENIED', hint: `ALTER ROLE "${role}" CREATEDB;` });
  await ask(String(error.hint));
  expect(await createDatabase(target)).toMatchObject({ changed: true });
});

test('a dry run creates nothing', async () => {
  const database = scratch.newName();
  expect(await createDatabase(targetOf(database), { dryRun: true })).toMatchObject({
    changed: true,
    dryRun: true,
  });
  expect(await databaseExists(database)).toBe(false);
});

test('a dry run lists the sessions that would be terminated on the template, and terminates none', async () => {
  const template = await scratch.database();
  const session = await openSession(serverUrl({ database: template }));
  const report = await createDatabase(targetOf(scratch.newName()), { template, dryRun: true });
  expect(report.terminated).toMatchObject([{ pid: session.pid }]);
  expect(await alive([session.pid])).toEqual([session.pid]);
  await session.close();
});

test('if a session on the template may not be terminated, none is, and nothing is created', async () => {
  const [role, other] = [await scratch.role('CREATEDB'), await scratch.role()];
  const template = await scratch.database(uniqueName('template'), `OWNER "${role}"`);
  const sessions = await Promise.all(
    [role, other].map(async (user) => openSession(serverUrl({ database: template, user, password: user }))),
  );
  const pids = pidsOf(sessions);
  const target = targetOf(scratch.newName(), role);
  const error = await failureOf(createDatabase(target, { template }));
  expect(error).toMatchObject({ code: 'SESSIONS_REMAIN', terminated: [] });
  expect(error.hint).toContain(`GRANT pg_signal_backend TO "${role}"`);
  expect(await alive(pids)).toEqual(pids);
  expect(await databaseExists(target.database)).toBe(false);
  await Promise.all(sessions.map(async (session) => session.close()));
});

test('the maintenance database is refused as a template before anything is touched', async () => {
  const maintenanceDatabase = await scratch.database();
  const session = await openSession(serverUrl({ database: maintenanceDatabase }));
  const target = { ...targetOf(scratch.newName()), maintenanceDatabase };
  const error = await failureOf(createDatabase(target, { template: maintenanceDatabase }));
  expect(error.code).toBe('REFUSED');
  expect(await alive([session.pid])).toEqual([session.pid]);
  await session.close();
});

describe('an owner', () => {
  const operations = {
    createDatabase: async (database: string, options: { owner: string; dryRun?: boolean }, role?: string) =>
      createDatabase(targetOf(scratch.newName(), role), { ...options, template: database }),
    recreateDatabase: async (database: string, options: { owner: string; dryRun?: boolean }, role?: string) =>
      recreateDatabase(targetOf(database, role), options),
    cloneDatabase: async (database: string, options: { owner: string; dryRun?: boolean }, role?: string) =>
      cloneDatabase(targetOf(database, role), scratch.newName(), options),
  };

  test.each(Object.entries(operations))(
    'that does not exist is named by %s, also with dryRun, and no session is terminated',
    async (_name, operate) => {
      const database = await scratch.database();
      const session = await openSession(serverUrl({ database }));
      const owner = uniqueName('nobody');
      for (const dryRun of [true, false]) {
        const error = await failureOf(operate(database, { owner, dryRun }));
        expect(error.code).toBe('CONFIG_INVALID');
        expect(error.message).toContain(`there is no role "${owner}"`);
      }
      expect(await alive([session.pid])).toEqual([session.pid]);
      await session.close();
    },
  );

  test.each(Object.entries(operations))(
    'that the role may not give to is refused by %s with the GRANT that allows it, and no session is terminated',
    async (_name, operate) => {
      const [role, owner] = [await scratch.role('CREATEDB'), await scratch.role()];
      const database = await scratch.database(uniqueName('db'), `OWNER "${role}"`);
      const session = await openSession(serverUrl({ database, user: role, password: role }));
      const error = await failureOf(operate(database, { owner }, role));
      expect(error).toMatchObject({
        code: 'PERMISSION_DENIED',
        hint: `GRANT "${owner}" TO "${role}";`,
      });
      expect(await alive([session.pid])).toEqual([session.pid]);
      await ask(String(error.hint));
      await operate(database, { owner }, role);
      expect(await session.ended).toBe('57P01');
    },
  );
});
