import { recreateDatabase } from '@pg-evict/core';
import { ReconnectingClients } from '../../support/reconnecting-clients.js';
import { openSession } from '../../support/sessions.js';
import { Scratch } from '../../support/scratch.js';
import { ask, databaseExists, serverUrl, uniqueName, until, withClient } from '../../support/server.js';
import { databaseFacts } from '../../support/core/database-facts.js';
import { failureOf } from '../../support/core/failure.js';
import {
  alive,
  markerOf,
  pidsOf,
  privateDatabasesFor,
  stillAtWork,
  targetOf,
} from '../../support/core/target.js';

const scratch = new Scratch();
afterAll(async () => scratch.cleanUp());

test('a database in use is replaced by an empty one, whatever its sessions do', async () => {
  const database = await scratch.database();
  const url = serverUrl({ database });
  const sessions = await Promise.all([
    openSession(url, 'idle'),
    openSession(url, 'active'),
    openSession(url, 'idle in transaction'),
  ]);
  const target = targetOf(database);
  const report = await recreateDatabase(target);
  expect(report).toMatchObject({
    command: 'recreate',
    database,
    changed: true,
    notCarriedOver: [],
    leftovers: [],
  });
  expect(pidsOf(report.terminated)).toEqual(pidsOf(sessions));
  expect(await Promise.all(sessions.map(async ({ ended }) => ended))).toEqual(['57P01', '57P01', '57P01']);
  expect(await markerOf(database)).toBeUndefined();
  expect(await privateDatabasesFor(database)).toEqual([]);
  expect(await stillAtWork(target)).toEqual([]);
});

test('the new database can be a copy of a template, whose sessions are terminated too', async () => {
  const [database, template] = [await scratch.database(), await scratch.database()];
  await withClient(serverUrl({ database: template }), async (client) =>
    client.query(`UPDATE marker SET content = 'template'`),
  );
  const sessions = await Promise.all(
    [database, template].map(async (name) => openSession(serverUrl({ database: name }))),
  );
  const report = await recreateDatabase(targetOf(database), { template });
  expect(pidsOf(report.terminated)).toEqual(pidsOf(sessions));
  expect([await markerOf(database), await markerOf(template)]).toEqual(['template', 'template']);
});

test('a missing database is an error, and with ifNotExists it is created', async () => {
  const database = scratch.newName('new');
  expect(await failureOf(recreateDatabase(targetOf(database)))).toMatchObject({
    code: 'DATABASE_NOT_FOUND',
    database,
  });
  const report = await recreateDatabase(targetOf(database), { ifNotExists: true });
  expect(report).toMatchObject({ changed: true, created: true, terminated: [] });
  expect(await databaseExists(database)).toBe(true);
  expect(await recreateDatabase(targetOf(database), { ifNotExists: true })).not.toHaveProperty('created');
  expect(await privateDatabasesFor(database)).toEqual([]);
});

test('a dry run lists the sessions that would be terminated on database and template, and changes nothing', async () => {
  const [database, template] = [await scratch.database(), await scratch.database()];
  const sessions = await Promise.all(
    [database, template].map(async (name) => openSession(serverUrl({ database: name }))),
  );
  const report = await recreateDatabase(targetOf(database), { template, dryRun: true });
  expect(report).toMatchObject({ changed: true, dryRun: true, blockers: [], notCarriedOver: [] });
  expect(pidsOf(report.terminated)).toEqual(pidsOf(sessions));
  expect(await alive(pidsOf(sessions))).toEqual(pidsOf(sessions));
  expect(await markerOf(database)).toBe('old');
  await Promise.all(sessions.map(async (session) => session.close()));
});

test('with keepSettings: false the new database belongs to the role that asks and has no settings', async () => {
  const role = await scratch.role('CREATEDB');
  const owner = await scratch.role();
  await ask(`GRANT "${owner}" TO "${role}"`);
  const database = await scratch.database(uniqueName('db'), `OWNER "${owner}" CONNECTION LIMIT 3`);
  await ask(`COMMENT ON DATABASE "${database}" IS 'mine'; ALTER DATABASE "${database}" SET work_mem = '7MB';
    REVOKE CONNECT ON DATABASE "${database}" FROM PUBLIC`);
  const report = await recreateDatabase(targetOf(database, role), { keepSettings: false });
  expect(report.notCarriedOver).toEqual([]);
  expect(await databaseFacts(database)).toMatchObject({
    owner: role,
    comment: null,
    settings: [],
    acl: null,
    datconnlimit: -1,
  });
});

test('another owner can be named, and gets the privileges that the old one had', async () => {
  const [owner, heir] = [await scratch.role(), await scratch.role()];
  const database = await scratch.database(uniqueName('db'), `OWNER "${owner}"`);
  await ask(`REVOKE ALL ON DATABASE "${database}" FROM PUBLIC`);
  await recreateDatabase(targetOf(database), { owner: heir });
  const facts = await databaseFacts(database);
  expect(facts).toMatchObject({ owner: heir });
  expect(JSON.stringify(facts['acl'])).not.toContain(owner);
});

test('several recreates of one database at once all succeed, and nothing is left aside', async () => {
  const database = await scratch.database();
  const reports = await Promise.all(
    Array.from({ length: 4 }, async () => recreateDatabase(targetOf(database))),
  );
  expect(reports.map(({ changed }) => changed)).toEqual([true, true, true, true]);
  expect(reports.flatMap(({ leftovers }) => leftovers)).toEqual([]);
  expect(await privateDatabasesFor(database)).toEqual([]);
});

test('while it is recreated repeatedly, its name is never missing, and no client is refused twice in a row', async () => {
  const database = await scratch.database();
  const crowd = new ReconnectingClients(serverUrl({ database }), 12);
  let [looks, missing, done] = [0, 0, false];
  let { statistics } = crowd;
  const watching = withClient(serverUrl(), async (client) => {
    for (;;) {
      if (done) return;
      const { rows } = await client.query('SELECT FROM pg_database WHERE datname = $1', [database]);
      looks += 1;
      if (rows.length !== 1) missing += 1;
    }
  });
  try {
    for (let index = 0; index < 10; index += 1) {
      await until(async () => {
        const sessions = await ask('SELECT FROM pg_stat_activity WHERE datname = $1', [database]);
        return sessions.length === 12;
      }, 'all clients are on the database');
      expect(await recreateDatabase(targetOf(database))).toMatchObject({ changed: true, leftovers: [] });
    }
  } finally {
    done = true;
    await watching;
    // Before the end, which interrupts some of them while they log in.
    statistics = structuredClone(crowd.statistics);
    await crowd.stop();
  }
  const { connected, failures, mostRefusalsInARow } = statistics;
  process.stdout.write(
    `10 recreates: ${looks} looks at the name, ${connected} connections, failures ${JSON.stringify(failures)}, ` +
      `at most ${mostRefusalsInARow} refusals in a row\n`,
  );
  expect(missing).toBe(0);
  expect(mostRefusalsInARow).toBeLessThanOrEqual(1);
  expect(Object.keys(failures).filter((code) => code !== '57P01' && code !== '3D000')).toEqual([]);
});
