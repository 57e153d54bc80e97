import { acquireDatabase, endRun, resetDatabase, startRun } from '@pg-evict/testing';
import { Client } from 'pg';
import { median } from '../src/median.mjs';
import { schemaOf } from './schema.mjs';

const dirty = [2, 3, 4, 5, 6];
const times = 20;

/** How long it takes to have a database as it was after five of its tables were written to, in milliseconds. */
export async function measureResets(server, { tables }) {
  const run = await startRun({
    cwd: import.meta.dirname,
    url: server.url,
    testing: { server: 'connection', template: { setup: async (url) => runOn(url, schemaOf(tables)) } },
  });
  try {
    const database = await acquireDatabase(run);
    const own = async (how) => {
      const client = new Client(database.url);
      await client.connect();
      try {
        return await how(client);
      } finally {
        await client.end();
      }
    };
    const measure = async (reset) => {
      const samples = [];
      for (let n = -2; n < times; n += 1) {
        const ms = await reset();
        if (n >= 0) samples.push(ms);
      }
      return median(samples);
    };
    const all = Array.from({ length: tables }, (_, index) => `t${index + 1}`);
    const seeds = Array.from({ length: Math.ceil(tables / 10) }, (_, index) => seedOf(index * 10 + 1)).join(
      '; ',
    );
    const write = async (client) => {
      await client.query(
        dirty.map((n) => `INSERT INTO t${n} (label) SELECT 'x' FROM generate_series(1, 5)`).join('; '),
      );
    };
    const withStatement = (sql) => async () =>
      own(async (client) => {
        await write(client);
        return time(async () => client.query(sql));
      });
    return [
      {
        name: 'pg-evict, exact',
        ms: await measure(async () => {
          await own(write);
          return time(async () => resetDatabase(database));
        }),
      },
      {
        name: 'ROLLBACK of the whole test',
        ms: await measure(async () =>
          own(async (client) => {
            await client.query('BEGIN');
            await write(client);
            return time(async () => client.query('ROLLBACK'));
          }),
        ),
      },
      {
        name: 'DELETE from all tables, seeds again',
        ms: await measure(
          withStatement([...all.toReversed().map((name) => `DELETE FROM ${name}`), seeds].join('; ')),
        ),
      },
      {
        name: 'TRUNCATE all tables, seeds again',
        ms: await measure(withStatement(`TRUNCATE ${all.join(', ')} RESTART IDENTITY; ${seeds}`)),
      },
    ];
  } finally {
    await endRun(run);
  }
}

const seedOf = (n) => `INSERT INTO t${n} (label) SELECT 'seed ' || i FROM generate_series(1, 20) i`;

async function runOn(url, sql) {
  const client = new Client(url);
  await client.connect();
  await client.query(sql);
  await client.end();
}

async function time(callback) {
  const startedAt = performance.now();
  await callback();
  return performance.now() - startedAt;
}
