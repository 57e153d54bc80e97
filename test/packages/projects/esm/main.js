import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { resolveConnection } from '@pg-evict/config';
import { isPgEvictError, listSessions, PgEvictError, redactQuery, recreateDatabase } from '@pg-evict/core';
import { withPgEvict } from '@pg-evict/knex';
import { startServer } from '@pg-evict/server';
import { startRun } from '@pg-evict/testing';

assert.equal(redactQuery("ALTER ROLE a PASSWORD 'pw'"), "ALTER ROLE a PASSWORD '***'");
assert.ok(isPgEvictError(new PgEvictError('TIMEOUT', 'late')));

assert.equal(typeof withPgEvict, 'function');
assert.equal(typeof startRun, 'function');

const server = await startServer({ kind: 'embedded' });
try {
  // The command, as a script in package.json would run it.
  const url = new URL(server.url);
  url.pathname = '/app';
  const env = { ...process.env, DATABASE_URL: url.href };
  const pgEvict = async (...args) =>
    JSON.parse(
      (await promisify(execFile)('node_modules/.bin/pg-evict', [...args, '--json', '--yes'], { env })).stdout,
    );
  assert.equal((await pgEvict('create')).database, 'app');
  assert.equal((await pgEvict('recreate')).command, 'recreate');

  const { settings } = await resolveConnection({ url: url.href });
  const { terminated } = await recreateDatabase({ connection: settings });
  assert.deepEqual(terminated, []);
  assert.deepEqual(await listSessions({ connection: settings }), []);
} finally {
  await server.stop();
}
console.log('works');
