// Puts the command through its main jobs on the server that DATABASE_URL names, on every system: `node any-server.mjs`.
// The database in the URL is made, worked on while a client is connected, and dropped. Ends with 1 at the first thing
// that is not as it should be.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Client } from 'pg';

const bin = fileURLToPath(new URL('../packages/cli/bin/pg-evict.cjs', import.meta.url));
const url = process.env.DATABASE_URL;
const database = decodeURIComponent(new URL(url).pathname.slice(1));

function run(...args) {
  process.stderr.write(`pg-evict ${args.join(' ')}\n`);
  return execFileSync(process.execPath, [bin, ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

const json = (...args) => JSON.parse(run(...args, '--json'));

/** A client on the database; its session is there until it is ended. */
async function connect() {
  const client = new Client({ connectionString: url });
  // More than once, as nothing is read while the command runs. On Windows a client may not see why: no code is asked for.
  const ended = new Promise((resolve) => client.on('error', resolve));
  await client.connect();
  const { rows } = await client.query('SELECT pg_backend_pid() AS pid');
  return { client, ended, pid: rows[0].pid };
}

const pids = (sessions) => sessions.map(({ pid }) => pid);

try {
  assert.equal(json('create').changed, true);

  const idle = await connect();
  await idle.client.query('CREATE TABLE old ()');
  assert.deepEqual(pids(json('sessions').sessions), [idle.pid]);
  assert.deepEqual(pids(json('terminate', '--dry-run').terminated), [idle.pid]);
  assert.deepEqual(pids(json('terminate').terminated), [idle.pid]);
  await idle.ended;

  const other = await connect();
  assert.deepEqual(pids(json('recreate', '--yes').terminated), [other.pid]);
  await other.ended;
  const { client } = await connect();
  const { rows } = await client.query("SELECT to_regclass('old') AS old");
  assert.equal(rows[0].old, null);

  run('protect', '--reason', 'any-server');
  assert.throws(() => run('drop', '--yes', '--quiet'), { status: 3 });
  run('unprotect', '--yes');

  const exit = 'process.exit(process.env.PGDATABASE.startsWith("pg_evict_held_") ? 0 : 1)';
  run('run', database, '--', process.execPath, '--eval', exit);
  json('clone', `${database}_copy`);
  json('rename', `${database}_copy`, `${database}_renamed`);
  assert.equal(json('doctor').ok, true);
} finally {
  for (const name of ['', '_copy', '_renamed']) run('drop', `${database}${name}`, '--if-exists', '--yes');
}
process.stdout.write('all as it should be\n');
