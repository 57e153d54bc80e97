// How long a restore takes, beside psql and pg_restore: a dump of much data, and one of many small tables.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { startServer } from '@pg-evict/server';
import { Client } from 'pg';
import { describeMachine } from './src/describe-machine.mjs';
import { forgetCertificates } from './src/forget-certificates.mjs';
import { measureRun } from './src/measure-run.mjs';
import { median } from './src/median.mjs';
import { startProgress } from './src/progress.mjs';
import { restoreMethods } from './src/restore-methods.mjs';
import { rotate } from './src/rotate.mjs';
import { table } from './src/table.mjs';

forgetCertificates();
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    megabytes: { type: 'string', default: '1024' },
    tables: { type: 'string', default: '5000' },
  },
});
const [rounds, megabytes, tables] = [values.rounds, values.megabytes, values.tables].map(Number);

const database = 'bench';
const folder = mkdtempSync(join(tmpdir(), 'pg-evict-bench-'));
const version = Number(/ (\d+)/.exec(execFileSync('pg_dump', ['--version'], { encoding: 'utf8' }))[1]);
const server = await startServer({
  kind: 'embedded',
  version,
  from: fileURLToPath(new URL(version === 18 ? '.' : '../test/matrix', import.meta.url)),
  // pg_dump locks all tables at once.
  settings: { max_locks_per_transaction: 2048, max_wal_size: '4GB' },
});
const { host, port, user, password } = server;
const env = { PGHOST: host, PGPORT: String(port), PGUSER: user, PGPASSWORD: password };
const progress = startProgress();
const rows = [];
try {
  await measure('data', `${megabytes} MB in 4 tables`, fillWithData);
  await measure('tables', `${tables} small tables`, fillWithTables);
} finally {
  progress.stop();
  rmSync(folder, { recursive: true });
  await server.stop();
}
process.stdout.write(
  `${JSON.stringify(describeMachine(server))}\n\nMedians of ${rounds} rounds; processor time and memory are the client's:\n\n` +
    `${table(['dump', 'command', 'seconds', 'ratio', 'processor, s', 'memory, MB'], rows)}\n`,
);

async function measure(source, title, fill) {
  progress.show(`${title}: preparing`);
  await inDatabase('postgres', async (client) => client.query(`CREATE DATABASE ${source}`));
  await inDatabase(source, fill);
  const dumps = { plain: join(folder, `${source}.sql`), custom: join(folder, `${source}.dump`) };
  execFileSync('pg_dump', ['-f', dumps.plain, source], { env: { ...process.env, ...env } });
  execFileSync('pg_dump', ['-Fc', '-Z1', '-f', dumps.custom, source], { env: { ...process.env, ...env } });
  await inDatabase('postgres', async (client) => client.query(`DROP DATABASE ${source}`));
  const methods = restoreMethods(database, dumps);
  const samples = new Map(methods.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const { args, name, program } of rotate(methods, round)) {
      progress.show(`${title}: round ${round + 1} of ${rounds}: ${name}`);
      await inDatabase('postgres', async (client) => {
        await client.query(`DROP DATABASE IF EXISTS ${database}`);
        await client.query(`CREATE DATABASE ${database}`);
        await client.query('CHECKPOINT');
      });
      samples.get(name).push(await measureRun(program, args, { ...env, PGDATABASE: 'postgres' }));
    }
  }
  for (const { group, isOurs, name } of methods) {
    const of = (wanted, figure) => median(samples.get(wanted).map((sample) => Number(sample[figure])));
    const other = methods.find((method) => method.group === group && !method.isOurs);
    const size = Math.round(statSync(dumps[group]).size / 2 ** 20);
    rows.push([
      `${title}, ${group} (${size} MB)`,
      name,
      (of(name, 'ms') / 1000).toFixed(1),
      isOurs ? (of(name, 'ms') / of(other.name, 'ms')).toFixed(2) : '',
      (of(name, 'cpuMs') / 1000).toFixed(1),
      of(name, 'peakMb').toFixed(0),
    ]);
  }
  rmSync(dumps.plain);
  rmSync(dumps.custom);
}

async function fillWithData(client) {
  // A row has some 250 bytes; half of it does not compress.
  const count = Math.round((megabytes * 2 ** 20) / 4 / 250);
  for (let n = 1; n <= 4; n += 1) {
    await client.query(
      `CREATE TABLE data${n} AS SELECT i AS id, now() AS at, i * 1.5 AS amount, md5(i::text) || repeat(md5((i + 1)::text), 5) AS text
       FROM generate_series(1, ${count}) i`,
    );
    await client.query(`ALTER TABLE data${n} ADD PRIMARY KEY (id)`);
  }
}

async function fillWithTables(client) {
  for (let n = 1; n <= tables; n += 1) {
    await client.query(
      `CREATE TABLE t${n} (id serial PRIMARY KEY, name text NOT NULL, at timestamptz DEFAULT now());
       INSERT INTO t${n} (name) SELECT 'row ' || i FROM generate_series(1, 3) i`,
    );
  }
}

async function inDatabase(name, callback) {
  const client = new Client({ host, port, user, password, database: name });
  await client.connect();
  try {
    await callback(client);
  } finally {
    await client.end();
  }
}
