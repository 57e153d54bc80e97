import {
  diagnose,
  dropDatabase,
  listSessions,
  recreateDatabase,
  terminateSessions,
  withExclusiveAccess,
  type Session,
  type Target,
} from '@pg-evict/core';
import { failureOf } from '../../support/core/failure.js';
import { clientOf, targetOf } from '../../support/core/target.js';
import { Scratch } from '../../support/scratch.js';
import { ask, quote, uniqueName } from '../../support/server.js';

const scratch = new Scratch();
afterAll(async () => scratch.cleanUp());

const encodings = ['UTF8', 'SQL_ASCII', 'LATIN1', 'EUC_JP', 'WIN1252'] as const;
type Encoding = (typeof encodings)[number];

async function databaseIn(encoding: Encoding): Promise<string> {
  const name = scratch.forget(uniqueName('enc'));
  await ask(
    `CREATE DATABASE ${quote(name)} TEMPLATE template0 ENCODING '${encoding}' LC_COLLATE 'C' LC_CTYPE 'C'`,
  );
  return name;
}

/** What each session runs: characters of its encoding, and one that is cut off where the server cuts queries off. */
const texts: Record<Encoding, string> = {
  UTF8: 'é — 日本',
  SQL_ASCII: 'é — 日本',
  LATIN1: 'é\u0081',
  EUC_JP: '日本語',
  WIN1252: 'é — €',
};

async function sessionIn(
  database: string,
  encoding: Encoding,
): Promise<{ pid: number; end(): Promise<void> }> {
  const client = clientOf(database);
  await client.connect();
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  const text = texts[encoding];
  await client.query(`SELECT '${text}' AS "a\\b", '${'x'.repeat(977)}${text.repeat(30)}'`);
  return { pid: rows[0]?.pid ?? 0, end: async () => client.end().catch(() => undefined) };
}

const cases = encodings.flatMap((maintenance) => encodings.map((own) => [maintenance, own] as const));

test.each(cases)(
  'from a maintenance database in %s, sessions on one in %s are shown and ended',
  async (maintenance, own) => {
    const [maintenanceDatabase, database] = [await databaseIn(maintenance), await databaseIn(own)];
    const target: Target = { ...targetOf(database), maintenanceDatabase };
    const session = await sessionIn(database, own);
    const check = (found: readonly Session[]): void => {
      expect(found.map(({ pid }) => pid)).toEqual([session.pid]);
      const query = found[0]?.query ?? '';
      expect(query.startsWith(String.raw`SELECT '${texts[own]}' AS "a\b"`)).toBe(true);
      expect(query).not.toContain('\uFFFD');
    };
    check(await listSessions(target));
    check((await terminateSessions(target, { dryRun: true })).terminated);
    expect((await diagnose(target)).standing).toEqual([]);
    check((await recreateDatabase(target)).terminated);
    await session.end();
    const second = await sessionIn(database, own);
    expect((await withExclusiveAccess(target, () => 'had it')).terminated).toHaveLength(1);
    await second.end();
    const third = await sessionIn(database, own);
    expect((await terminateSessions(target)).terminated).toHaveLength(1);
    await third.end();
    await dropDatabase(target);
    await ask(`DROP DATABASE ${quote(maintenanceDatabase)}`);
  },
);

test('the holder of a lock is named, whatever its query contains', async () => {
  const [maintenanceDatabase, database] = [await databaseIn('SQL_ASCII'), await databaseIn('LATIN1')];
  const holder = clientOf(database);
  await holder.connect();
  await holder.query(`BEGIN; COMMENT ON DATABASE ${quote(database)} IS 'x'; SELECT 'é'`);
  const other = clientOf(maintenanceDatabase);
  await other.connect();
  await other.query(`BEGIN; COMMENT ON DATABASE ${quote(maintenanceDatabase)} IS 'x'; SELECT 'é' AS "é"`);
  const target: Target = { ...targetOf(maintenanceDatabase), maintenanceDatabase: database };
  const error = await failureOf(
    dropDatabase({ ...target, maintenanceDatabase: 'postgres' }, { timeoutMs: 5000, keep: [{ user: '*' }] }),
  );
  expect(error.blockers[0]?.session?.query).toContain('é');
  await holder.end();
  await other.end();
});
