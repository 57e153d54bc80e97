import {
  cloneDatabase,
  createDatabase,
  diagnose,
  dropDatabase,
  examineConnection,
  recreateDatabase,
  renameDatabase,
  withExclusiveAccess,
} from '@pg-evict/core';
import { failureOf } from '../../support/core/failure.js';
import { alive, targetOf } from '../../support/core/target.js';
import { useOwnServer } from '../../support/own-server.js';
import { Scratch } from '../../support/scratch.js';
import { runCli } from '../../support/cli/run-cli.js';
import { ask, databaseExists, serverMajor, serverUrl, withClient } from '../../support/server.js';
import { useSessions } from '../../support/sessions.js';

// Where template1 is outdated, no other test could create a database.
const scratch = new Scratch();
afterAll(async () => scratch.cleanUp());
useOwnServer();
const sessionOn = useSessions();

/** As after an update of the operating system: what the server has now is not what was recorded. */
async function makeOutdated(database: string): Promise<void> {
  await ask(`UPDATE pg_database SET datcollversion = '0.0' WHERE datname = $1`, [database]);
}
async function forget(database: string): Promise<void> {
  await ask('UPDATE pg_database SET datcollversion = NULL WHERE datname = $1', [database]);
}

/** Applies what a remedy says, to the letter: the statements of it, inside the database that it names. */
async function apply(hint: string | null): Promise<void> {
  const [, database = '', ...statements] =
    /^In database "([^"]+)": (REINDEX [^;]+); then (ALTER [^;]+);$/.exec(hint ?? '') ?? [];
  expect(statements).toHaveLength(2);
  await withClient(serverUrl({ database }), async (client) => {
    for (const sql of statements) await client.query(sql);
  });
}

(serverMajor >= 15 ? describe : describe.skip)('changed collations, since 15', () => {
  const recorded = async (database: string): Promise<unknown> =>
    ask('SELECT datcollversion AS v FROM pg_database WHERE datname = $1', [database]);

  test('a database is not copied: its sessions stay, a dry run fails as well, and the remedy helps', async () => {
    const source = await scratch.database(
      undefined,
      `TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'en'`,
    );
    const before = await recorded(source);
    await makeOutdated(source);
    const session = await sessionOn(source);
    const into = await scratch.database();
    const copies: (() => Promise<unknown>)[] = [
      async () => cloneDatabase(targetOf(source), scratch.newName()),
      async () => cloneDatabase(targetOf(source), scratch.newName(), { dryRun: true }),
      async () => createDatabase(targetOf(scratch.newName()), { template: source }),
      async () => recreateDatabase(targetOf(into), { template: source, dryRun: true }),
      async () => recreateDatabase(targetOf(into), { template: source }),
    ];
    for (const copy of copies) {
      const error = await failureOf(copy());
      expect(error).toMatchObject({
        code: 'BLOCKED',
        blockers: [{ kind: 'collation-version', name: source }],
        terminated: [],
      });
    }
    expect(await alive([session.pid])).toEqual([session.pid]);
    const { blockers, standing } = await diagnose(targetOf(source));
    expect(standing).toEqual([]);
    const found = blockers.find(({ kind }) => kind === 'collation-version');
    await apply(found?.remedy ?? null);
    expect(await recorded(source)).toEqual(before);
    expect(await cloneDatabase(targetOf(source), scratch.newName())).toMatchObject({ changed: true });
  });

  test('it blocks nothing else, and a recreated database has the current collations', async () => {
    const database = await scratch.database(
      undefined,
      `TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'en'`,
    );
    await makeOutdated(database);
    await withExclusiveAccess(targetOf(database), () => undefined);
    const renamed = scratch.newName();
    await renameDatabase(targetOf(database), renamed);
    await recreateDatabase(targetOf(renamed));
    expect((await diagnose(targetOf(renamed))).blockers).toEqual([]);
    await makeOutdated(renamed);
    expect(await dropDatabase(targetOf(renamed))).toMatchObject({ changed: true });
  });

  test('of template1: create and recreate fail before any session is terminated, a dry run and doctor say so', async () => {
    const database = await scratch.database();
    const session = await sessionOn(database);
    await makeOutdated('template1');
    try {
      for (const dryRun of [true, false]) {
        const failed = [
          await failureOf(createDatabase(targetOf(scratch.newName()), { dryRun })),
          await failureOf(recreateDatabase(targetOf(database), { dryRun })),
        ];
        for (const error of failed)
          expect(error).toMatchObject({ code: 'BLOCKED', blockers: [{ name: 'template1' }] });
      }
      expect(await alive([session.pid])).toEqual([session.pid]);
      expect(await examineConnection(targetOf(database))).toMatchObject({ templateOutdated: true });
      const { code, stdout } = await runCli(['doctor'], { DATABASE_URL: serverUrl({ database }) });
      expect(code).toBe(5);
      expect(stdout.replaceAll(/\s+/g, ' ')).toContain('problem: template1 was made with another version');
      // From template0, which records none, it goes.
      const other = scratch.newName();
      await createDatabase(targetOf(other), { template: 'template0' });
      expect(await databaseExists(other)).toBe(true);
    } finally {
      await forget('template1');
    }
    expect(await recreateDatabase(targetOf(database))).toMatchObject({ changed: true });
  });
});
