import { acquireDatabase, releaseDatabase, resetDatabase } from '@pg-evict/testing';
import { startServer, type RunningEmbeddedServer } from '@pg-evict/server';
import { serverOptions } from '../../support/server-options.js';
import { rowsIn, RunFixture, setupWith } from '../../support/testing/run-fixture.js';

/** With the limits that a server has by default. */
let server: RunningEmbeddedServer;
const fixture = new RunFixture();
beforeAll(async () => {
  server = await startServer(serverOptions({ max_prepared_transactions: 0 }));
  process.env['PG_EVICT_TEST_URL'] = server.url;
});
afterAll(async () => {
  await fixture.cleanUp();
  await server.stop();
});

const partitions = 2000;
const schema = `CREATE TABLE event (id int, at int, what text, who int) PARTITION BY LIST (id);
  CREATE INDEX ON event (at); CREATE INDEX ON event (what); CREATE INDEX ON event (who); CREATE INDEX ON event (id, at);`;
/** In transactions of 100: one would lock them all. */
const parts = Array.from({ length: partitions / 100 }, (_, part) =>
  Array.from({ length: 100 }, (_unused, n) => part * 100 + n)
    .map((n) => `CREATE TABLE event_${n} PARTITION OF event FOR VALUES IN (${n})`)
    .join(';\n'),
);

test('2,000 partitions with 4 indexes each, and 8 workers at once, on a server with its default limits', async () => {
  const run = await fixture.start({
    template: {
      setup: async (url) => {
        for (const sql of [schema, ...parts]) await setupWith(sql)(url);
      },
    },
  });
  const databases = await Promise.all(Array.from({ length: 8 }, async () => acquireDatabase(run)));
  for (const [n, database] of databases.entries()) {
    await rowsIn(database.url, `INSERT INTO event_${n} VALUES (${n}, 1, 'x', 1)`);
  }
  const reports = await Promise.all(databases.map(async (database) => resetDatabase(database)));
  expect(reports.map(({ how }) => how)).toEqual(Array.from({ length: 8 }, () => 'rows'));
  for (const [n, database] of databases.entries()) {
    expect(await rowsIn(database.url, `SELECT * FROM event_${n}`)).toEqual([]);
  }
}, 600_000);

/** How long the first and the next reset of a copy take, after a row has changed: the best of several. */
async function timeOf(tables: number): Promise<{ first: number; further: number }> {
  const sql = Array.from(
    { length: tables },
    (_unused, n) => `CREATE TABLE t${n} (id serial PRIMARY KEY, label text); CREATE INDEX ON t${n} (label)`,
  );
  const run = await fixture.start({
    template: {
      setup: async (url) => {
        for (let from = 0; from < tables; from += 100) {
          await setupWith(sql.slice(from, from + 100).join(';'))(url);
        }
      },
    },
  });
  const samples: { first: number; further: number }[] = [];
  for (let n = 0; n < 4; n += 1) {
    const database = await acquireDatabase(run);
    const reset = async (): Promise<number> => {
      await rowsIn(database.url, `INSERT INTO t${tables - 1} DEFAULT VALUES`);
      return (await resetDatabase(database)).durationMs;
    };
    // The server plans what it is asked with the first.
    samples.push({ first: await reset(), further: await reset() });
    await releaseDatabase(database);
  }
  await fixture.end(run);
  return {
    first: Math.min(...samples.map(({ first }) => first)),
    further: Math.min(...samples.map(({ further }) => further)),
  };
}

test('the time to look at tables grows with their number, not with its square', async () => {
  const few = await timeOf(400);
  const many = await timeOf(1600);
  process.stdout.write(`\nms for 400 tables: ${JSON.stringify(few)}; for 1,600: ${JSON.stringify(many)}\n`);
  expect(many.first / few.first).toBeLessThan(6);
  expect(many.further / few.further).toBeLessThan(6);
}, 600_000);
