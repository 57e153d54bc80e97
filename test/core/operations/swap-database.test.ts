import { swapDatabase } from '@pg-evict/core';
import { openSession } from '../../support/sessions.js';
import { Scratch } from '../../support/scratch.js';
import { ask, databaseExists, serverUrl, uniqueName, withClient } from '../../support/server.js';
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

async function pair(): Promise<[string, string]> {
  const [one, other] = [await scratch.database(), await scratch.database()];
  await withClient(serverUrl({ database: other }), async (client) =>
    client.query(`UPDATE marker SET content = 'other'`),
  );
  await ask(`COMMENT ON DATABASE "${other}" IS 'the other one'`);
  return [one, other];
}

test('two databases in use exchange their names, with all that belongs to them', async () => {
  const [one, other] = await pair();
  const facts = [await databaseFacts(one), await databaseFacts(other)];
  const sessions = await Promise.all(
    [one, one, other, other].map(async (database) => openSession(serverUrl({ database }))),
  );
  const report = await swapDatabase(targetOf(one), other);
  expect(report).toMatchObject({ command: 'swap', database: one, to: other, changed: true });
  expect(pidsOf(report.terminated)).toEqual(pidsOf(sessions));
  expect([await markerOf(one), await markerOf(other)]).toEqual(['other', 'old']);
  expect([await databaseFacts(other), await databaseFacts(one)]).toEqual(facts);
});

test('with a session on the other database that may not be terminated, no session is terminated and nothing is swapped', async () => {
  const role = await scratch.role('CREATEDB');
  const [one, other] = await pair();
  await ask(`ALTER DATABASE "${one}" OWNER TO "${role}"; ALTER DATABASE "${other}" OWNER TO "${role}"`);
  const sessions = [
    await openSession(serverUrl({ database: one, user: role, password: role })),
    await openSession(serverUrl({ database: other })),
  ];
  const pids = pidsOf(sessions);
  const target = targetOf(one, role);
  const error = await failureOf(swapDatabase(target, other));
  expect(error).toMatchObject({ code: 'SESSIONS_REMAIN', terminated: [] });
  expect(error.blockers).toMatchObject([{ kind: 'session', session: { pid: sessions[1]?.pid } }]);
  expect(await alive(pids)).toEqual(pids);
  expect([await markerOf(one), await markerOf(other)]).toEqual(['old', 'other']);
  expect(await stillAtWork(target)).toEqual([]);
  await Promise.all(sessions.map(async (session) => session.close()));
});

test('a database that is missing leaves the other untouched', async () => {
  const [one] = await pair();
  const missing = uniqueName('missing');
  expect(await failureOf(swapDatabase(targetOf(one), missing))).toMatchObject({
    code: 'DATABASE_NOT_FOUND',
    database: missing,
  });
  expect(await databaseExists(one)).toBe(true);
});

test('a database is not swapped with itself', async () => {
  const database = await scratch.database();
  expect(await failureOf(swapDatabase(targetOf(database), database))).toMatchObject({
    code: 'CONFIG_INVALID',
  });
});

test('two swaps of the same pair at once both succeed, whichever way round they are named', async () => {
  const [one, other] = await pair();
  const reports = await Promise.all([swapDatabase(targetOf(one), other), swapDatabase(targetOf(other), one)]);
  expect(reports).toMatchObject([{ changed: true }, { changed: true }]);
  expect([await markerOf(one), await markerOf(other)]).toEqual(['old', 'other']);
  expect([await privateDatabasesFor(one), await privateDatabasesFor(other)]).toEqual([[], []]);
});

test('a dry run swaps nothing and terminates no session', async () => {
  const [one, other] = await pair();
  const session = await openSession(serverUrl({ database: other }));
  const report = await swapDatabase(targetOf(one), other, { dryRun: true });
  expect(report).toMatchObject({ changed: true, dryRun: true, terminated: [{ pid: session.pid }] });
  expect(await markerOf(one)).toBe('old');
  expect(await alive([session.pid])).toEqual([session.pid]);
  await session.close();
});
