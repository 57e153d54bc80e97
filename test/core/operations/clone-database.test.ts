import { cloneDatabase } from '@pg-evict/core';
import { openSession } from '../../support/sessions.js';
import { Scratch } from '../../support/scratch.js';
import { ask, databaseExists, serverUrl, uniqueName } from '../../support/server.js';
import { databaseFacts } from '../../support/core/database-facts.js';
import { failureOf } from '../../support/core/failure.js';
import { alive, markerOf, stillAtWork, targetOf } from '../../support/core/target.js';

const scratch = new Scratch();
afterAll(async () => scratch.cleanUp());

test('a database in use is cloned; the source stays as it is', async () => {
  const database = await scratch.database();
  const session = await openSession(serverUrl({ database }));
  const to = scratch.newName('clone');
  const report = await cloneDatabase(targetOf(database), to);
  expect(report).toMatchObject({ command: 'clone', database, to, changed: true });
  expect(report.terminated).toMatchObject([{ pid: session.pid }]);
  expect(await session.ended).toBe('57P01');
  expect([await markerOf(database), await markerOf(to)]).toEqual(['old', 'old']);
});

async function withSettings(): Promise<{ database: string; owner: string }> {
  const owner = await scratch.role();
  const database = await scratch.database(uniqueName('db'), `OWNER "${owner}" CONNECTION LIMIT 7`);
  await ask(`COMMENT ON DATABASE "${database}" IS 'mine';
    ALTER DATABASE "${database}" SET work_mem = '7MB';
    REVOKE CONNECT ON DATABASE "${database}" FROM PUBLIC`);
  return { database, owner };
}

test('settings stay behind unless they are asked for', async () => {
  const { database } = await withSettings();
  const to = scratch.newName('clone');
  await cloneDatabase(targetOf(database), to);
  expect(await databaseFacts(to)).toMatchObject({ comment: null, settings: [], acl: null, datconnlimit: -1 });
});

test('with keepSettings the clone has everything the source has', async () => {
  const { database } = await withSettings();
  const to = scratch.newName('clone');
  const report = await cloneDatabase(targetOf(database), to, { keepSettings: true });
  expect(report.notCarriedOver).toEqual([]);
  expect(await databaseFacts(to)).toEqual(await databaseFacts(database));
  expect(await markerOf(to)).toBe('old');
});

test('an owner can be named', async () => {
  const { database } = await withSettings();
  const [owner, to] = [await scratch.role(), scratch.newName('clone')];
  await cloneDatabase(targetOf(database), to, { owner, keepSettings: true });
  expect(await databaseFacts(to)).toMatchObject({ owner, comment: 'mine' });
});

test('an existing target name is an error, and with ifNotExists there is nothing to do; no session is terminated', async () => {
  const [database, to] = [await scratch.database(), await scratch.database()];
  const session = await openSession(serverUrl({ database }));
  const target = targetOf(database);
  expect(await failureOf(cloneDatabase(target, to))).toMatchObject({ code: 'DATABASE_EXISTS', database: to });
  expect(await cloneDatabase(target, to, { ifNotExists: true })).toMatchObject({ changed: false, to });
  expect(await alive([session.pid])).toEqual([session.pid]);
  await session.close();
});

test('a role that does not own the source gets an error before any session is terminated', async () => {
  const [database, role] = [await scratch.database(), await scratch.role('CREATEDB')];
  await ask(`GRANT pg_signal_backend TO "${role}"`);
  const session = await openSession(serverUrl({ database, user: role, password: role }));
  const target = targetOf(database, role);
  const error = await failureOf(cloneDatabase(target, scratch.newName('clone')));
  expect(error).toMatchObject({
    code: 'PERMISSION_DENIED',
    terminated: [],
    // Ours, not the server's, which looks when it has the lock already.
    // To be a member of a superuser is to be one.
    hint: `ALTER DATABASE "${database}" OWNER TO "${role}";`,
  });
  expect(await alive([session.pid])).toEqual([session.pid]);
  expect(await stillAtWork(target)).toEqual([]);
  await session.close();
});

test('a database marked as a template can be cloned by a role that does not own it', async () => {
  const [database, role] = [await scratch.database(), await scratch.role('CREATEDB')];
  await ask(`ALTER DATABASE "${database}" IS_TEMPLATE true`);
  const to = scratch.newName('clone');
  expect(await cloneDatabase(targetOf(database, role), to)).toMatchObject({ changed: true });
  expect(await databaseFacts(to)).toMatchObject({ owner: role, datistemplate: false });
});

test('a dry run clones nothing and terminates no session', async () => {
  const database = await scratch.database();
  const session = await openSession(serverUrl({ database }));
  const to = scratch.newName('clone');
  const report = await cloneDatabase(targetOf(database), to, { dryRun: true, keepSettings: true });
  expect(report).toMatchObject({ changed: true, dryRun: true, terminated: [{ pid: session.pid }] });
  expect(await databaseExists(to)).toBe(false);
  expect(await alive([session.pid])).toEqual([session.pid]);
  await session.close();
});
