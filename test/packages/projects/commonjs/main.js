const assert = require('node:assert/strict');
const { resolveConnection } = require('@pg-evict/config');
const { isPgEvictError, PgEvictError, recreateDatabase, redactQuery } = require('@pg-evict/core');
const { withPgEvict } = require('@pg-evict/knex');
const { startServer } = require('@pg-evict/server');
const { startRun } = require('@pg-evict/testing');

async function main() {
  assert.equal(redactQuery("ALTER ROLE a PASSWORD 'pw'"), "ALTER ROLE a PASSWORD '***'");
  assert.equal(typeof startServer, 'function');
  assert.equal(typeof withPgEvict, 'function');
  assert.equal(typeof startRun, 'function');
  const { settings } = await resolveConnection({ url: 'postgres://somebody@localhost:1/app' });
  assert.equal(settings.database, 'app');

  await assert.rejects(recreateDatabase({ connection: settings, database: 'postgres' }), (error) => {
    assert.equal(error.code, 'PROTECTED');
    return isPgEvictError(error) && error instanceof PgEvictError;
  });

  // Both builds in one process know each other's errors.
  const esm = await import('@pg-evict/core');
  assert.notEqual(esm.PgEvictError, PgEvictError);
  assert.ok(isPgEvictError(new esm.PgEvictError('TIMEOUT', 'late')));
  console.log('works');
}

void main();
