import { createHash } from 'node:crypto';
import { dropDatabase, findLeftovers, recreateDatabase, repairDatabase } from '@pg-evict/core';
import { failureOf } from '../../support/core/failure.js';
import { markerOf, targetOf } from '../../support/core/target.js';
import { Scratch } from '../../support/scratch.js';
import { ask, databaseExists } from '../../support/server.js';
import { useSessions } from '../../support/sessions.js';

const scratch = new Scratch();
afterAll(async () => scratch.cleanUp());
const sessionOn = useSessions();

/** A name as an operation on the database would give that has died long ago. */
function leftoverName(role: 'new' | 'old' | 'held', database: string, pid: number): string {
  const tag = createHash('sha256').update(database).digest('hex').slice(0, 10);
  return scratch.forget(`pg_evict_${role}_${tag}_${pid}_abc`);
}

test.each(['new', 'old', 'held'] as const)(
  'a database that another role has given the name of a leftover (%s) is left alone, by a superuser as well',
  async (role) => {
    const mallory = await scratch.role('CREATEDB');
    const database = await scratch.database();
    const name = leftoverName(role, database, 999_999);
    await scratch.database(name, `OWNER "${mallory}"`);
    const session = await sessionOn(name);
    expect(await findLeftovers(targetOf(database))).not.toContainEqual(
      expect.objectContaining({ database: name }),
    );
    expect(await recreateDatabase(targetOf(database))).toMatchObject({ leftovers: [], terminated: [] });
    await dropDatabase(targetOf(database));
    expect(await repairDatabase(targetOf(database))).toMatchObject({ changed: false });
    // Nor is it put in the place of a database that there is no more.
    expect(await failureOf(dropDatabase(targetOf(database)))).toMatchObject({ code: 'DATABASE_NOT_FOUND' });
    expect(await markerOf(name)).toBe('old');
    expect(await ask('SELECT FROM pg_stat_activity WHERE pid = $1', [session.pid])).toHaveLength(1);
  },
);

test('a leftover of an operation for the same owner is dropped by every role that may drop it', async () => {
  const owner = await scratch.role();
  const database = await scratch.database(undefined, `OWNER "${owner}"`);
  const name = leftoverName('new', database, 999_998);
  await scratch.database(name, `OWNER "${owner}"`);
  await repairDatabase(targetOf(database));
  expect(await databaseExists(name)).toBe(false);
});

test('leftovers with sessions are named, and cost no time', async () => {
  const database = await scratch.database();
  const names = Array.from({ length: 6 }, (_, index) => leftoverName('old', database, 999_990 + index));
  for (const name of names) {
    await scratch.database(name);
    await sessionOn(name);
  }
  // Each would be waited for five seconds.
  const report = await repairDatabase(targetOf(database), { timeoutMs: 20_000 });
  expect(report.leftovers.map((left) => left.database)).toEqual(names);
  expect(report.leftovers[0]?.reason).toContain('sessions are connected to it');
});
