import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startServer } from '@pg-evict/server';
import { Client } from 'pg';

/** The database that is dropped and created all the time. */
const database = 'bench';

/** Majors other than the default are installed where the tests of all majors find them. */
const placesOfBinaries = { default: '..', others: '../../test/matrix' };

/**
 * Starts the server (in memory where there is room) with an ordinary role for the sessions that stand in the way. It
 * needs no password, so that clients that reconnect are as fast as they can be. What is measured connects as the
 * superuser, with a password.
 */
export async function startBenchServer() {
  const version = Number(process.env['PG_VERSION'] ?? 18);
  const server = await startServer({
    kind: 'embedded',
    version,
    from: fileURLToPath(
      new URL(version === 18 ? placesOfBinaries.default : placesOfBinaries.others, import.meta.url),
    ),
    settings: { max_connections: 400 },
  });
  const { host, port, user, password } = server;
  const admin = new Client({ host, port, user, password, database: server.database });
  await admin.connect();
  const role = { host, port, user: 'bench_app', password: '', database };
  await admin.query(`CREATE ROLE ${role.user} LOGIN`);
  await trust(server, role.user);
  await admin.query('SELECT pg_reload_conf()');

  return {
    server,
    /** Where peers connect, and what our functions are given as connection. */
    maintenance: { host, port, user, password, database: server.database },
    /** How the sessions in the way connect. */
    role,
    database,
    /** How our functions are given one of its databases. */
    maintenanceUrl: (name) => `postgres://${user}:${password}@${host}:${port}/${name}`,
    /** Makes the database new and flushes what that left to do, so that every measurement begins alike. */
    async renew() {
      await admin.query(`DROP DATABASE IF EXISTS ${database} WITH (FORCE)`);
      await admin.query(`CREATE DATABASE ${database}`);
      await admin.query('CHECKPOINT');
    },
    /** Makes the database where it is missing. */
    async ensure() {
      const { rowCount } = await admin.query('SELECT FROM pg_database WHERE datname = $1', [database]);
      if (rowCount === 0) await admin.query(`CREATE DATABASE ${database}`);
    },
    async stop() {
      await admin.end();
      await server.stop();
    },
  };
}

/** Lets a role in without a password; the first line that fits counts. */
async function trust({ dataDirectory, host }, role) {
  const file = join(dataDirectory, 'pg_hba.conf');
  await writeFile(file, `host all ${role} ${host}/32 trust\n${await readFile(file, 'utf8')}`);
}
