import { dropDatabase, diagnose, repairDatabase, withExclusiveAccess } from '@pg-evict/core';
import { failureOf } from '../../support/core/failure.js';
import { proxied } from '../../support/core/lost-connections.js';
import { markerOf, privateDatabasesFor, targetOf } from '../../support/core/target.js';
import { Scratch } from '../../support/scratch.js';
import { ask, databaseExists, quote, serverUrl, withClient } from '../../support/server.js';

const scratch = new Scratch();
afterAll(async () => scratch.cleanUp());

test('if connections are lost while it is given back, it reconnects and gives the database back', async () => {
  const database = await scratch.database();
  const { proxy, target } = await proxied(database);
  let cuts = 0;
  const report = await withExclusiveAccess(target, () => {
    // Those that give it back are made now.
    const cutting = setInterval(() => {
      if (cuts < 3) proxy.cut();
      cuts += 1;
    }, 15);
    setTimeout(() => clearInterval(cutting), 500);
    return 'done';
  });
  expect(report).toMatchObject({ value: 'done', changed: true });
  expect(await markerOf(database)).toBe('old');
  expect(await privateDatabasesFor(database)).toEqual([]);
  proxy.stop();
});

test.each([0, 5, 10, 20, 40])(
  'connections that are lost while it is taken (%i ms after the checks): it has its name again',
  async (delayMs) => {
    const database = await scratch.database();
    const { proxy, target } = await proxied(database);
    const outcome = await withExclusiveAccess(target, () => 'had it', {
      onStep: (step) => {
        if (step === 'checked') setTimeout(() => proxy.cut(), delayMs);
      },
    }).then(
      () => 'done',
      (error: unknown) => (error as { code: string }).code,
    );
    expect(['done', 'CONNECTION_FAILED']).toContain(outcome);
    expect(await markerOf(database)).toBe('old');
    expect(await repairDatabase(targetOf(database))).toMatchObject({ leftovers: [] });
    expect(await privateDatabasesFor(database)).toEqual([]);
    proxy.stop();
  },
);

test('a database that its holder has dropped leaves no placeholder, and the message says so', async () => {
  const database = await scratch.database();
  const error = await failureOf(
    withExclusiveAccess(targetOf(database), async ({ database: held }) => {
      await ask(`DROP DATABASE ${quote(held)} WITH (FORCE)`);
    }),
  );
  expect(error).toMatchObject({ code: 'CONNECTION_FAILED', database });
  expect(error.message).toContain('dropped');
  expect(await databaseExists(database)).toBe(false);
  expect(await privateDatabasesFor(database)).toEqual([]);
});

test('a placeholder whose database was dropped, and whose holder is dead, is cleaned away by a repair', async () => {
  const database = await scratch.database();
  const comment = `[pg-evict: placeholder of pg_evict_held_0123456789_999999_abc]`;
  await ask(`COMMENT ON DATABASE ${quote(database)} IS '${comment}'`);
  expect((await diagnose(targetOf(database))).standing).toMatchObject([{ kind: 'lock' }]);
  expect(await repairDatabase(targetOf(database))).toMatchObject({ changed: true, leftovers: [] });
  expect(await databaseExists(database)).toBe(false);
  expect(await failureOf(dropDatabase(targetOf(database)))).toMatchObject({ code: 'DATABASE_NOT_FOUND' });
});

test('another session that holds the recovery lock delays no operation without limit', async () => {
  const database = await scratch.database();
  const held = `pg_evict_held_0123456789_999999_abd`;
  await ask(`COMMENT ON DATABASE ${quote(database)} IS '[pg-evict: placeholder of ${held}]'`);
  await withClient(serverUrl(), async (client) => {
    await client.query('SELECT pg_advisory_lock((hashtextextended($1, 0) & ~1::bigint) | 1)', [held]);
    const report = await repairDatabase(targetOf(database), { timeoutMs: 15_000 });
    expect(report.leftovers).toMatchObject([
      {
        database: held,
        reason: expect.stringContaining('another operation has been repairing it') as string,
      },
    ]);
  });
});
