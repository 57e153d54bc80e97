// How long CREATE DATABASE … TEMPLATE takes by size and strategy, with fsync on and off, and what pg-evict chooses.
import { fileURLToPath } from 'node:url';
import { cloneDatabase, dropDatabase } from '@pg-evict/core';
import { startServer } from '@pg-evict/server';
import { Client } from 'pg';
import { describeMachine } from './src/describe-machine.mjs';
import { median } from './src/median.mjs';

const sizes = (process.argv[2] ?? '10,100,1000').split(',').map(Number);
const rounds = Number(process.argv[3] ?? 3);
const strategies = ['wal_log', 'file_copy'];

const rows = [];
let machine;
for (const fsync of ['on', 'off']) {
  const version = Number(process.env['PG_VERSION'] ?? 18);
  const place = version === 18 ? '.' : '../test/matrix';
  const server = await startServer({
    kind: 'embedded',
    version,
    from: fileURLToPath(new URL(place, import.meta.url)),
    settings: { fsync, full_page_writes: fsync, synchronous_commit: fsync, max_wal_size: '4GB' },
  });
  machine ??= describeMachine(server);
  const { host, port, user, password } = server;
  const client = new Client({ host, port, user, password, database: server.database });
  await client.connect();
  try {
    for (const megabytes of sizes) rows.push(await measure(client, server, fsync, megabytes));
  } finally {
    await client.end();
    await server.stop();
  }
}
const table = [
  `| fsync | template | ${strategies.map((name) => `\`${name}\``).join(' | ')} | pg-evict |`,
  `| --- | ---: | ${strategies.map(() => '---:').join(' | ')} | ---: |`,
  ...rows.map((row) => `| ${row.join(' | ')} |`),
];
process.stdout.write(
  `${JSON.stringify(machine)}\n\nMilliseconds, medians of ${rounds} rounds:\n\n${table.join('\n')}\n`,
);

async function measure(client, server, fsync, megabytes) {
  await client.query('CREATE DATABASE source');
  const filling = new Client({
    ...client.connectionParameters,
    password: server.password,
    database: 'source',
  });
  await filling.connect();
  // A table for each megabyte up to 50, as a schema has; an empty database has some 7 MB.
  const tables = Math.min(50, Math.max(1, megabytes - 8));
  const perTable = Math.round(((megabytes - 8) * 1000) / tables);
  for (let n = 0; n < tables; n += 1) {
    await filling.query(
      `CREATE TABLE t${n} AS SELECT i, repeat(md5(i::text), 28) AS text FROM generate_series(1, ${perTable}) i`,
    );
  }
  await filling.end();
  await client.query('CHECKPOINT');
  const samples = new Map([...strategies, 'pg-evict'].map((name) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, times] of samples) {
      await client.query('CHECKPOINT');
      const startedAt = performance.now();
      if (name === 'pg-evict') await cloneDatabase({ connection: server.url, database: 'source' }, 'copy');
      else await client.query(`CREATE DATABASE copy TEMPLATE source STRATEGY ${name}`);
      times.push(performance.now() - startedAt);
      await client.query('DROP DATABASE copy');
    }
  }
  await dropDatabase({ connection: server.url, database: 'source' });
  return [fsync, `${megabytes} MB`, ...[...samples.values()].map((times) => median(times).toFixed(0))];
}
