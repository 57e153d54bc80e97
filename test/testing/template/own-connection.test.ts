import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { acquireDatabase, type TestRun } from '@pg-evict/testing';
import { rowsIn, RunFixture } from '../../support/testing/run-fixture.js';
import { failureOf } from '../../support/core/failure.js';
import { Scratch } from '../../support/scratch.js';
import { serverUrl } from '../../support/server.js';
import { askDatabase } from '../../support/knex/ask-database.js';

const fixture = new RunFixture();
const scratch = new Scratch();
afterAll(async () => {
  await fixture.cleanUp();
  await scratch.cleanUp();
});

const project = {
  'knexfile.js': `module.exports = { client: 'pg', connection: process.env.DATABASE_URL };`,
  'db.js': `module.exports = require('knex')(require('./knexfile'));`,
  'migrations/1.js': `exports.up = (k) => k.schema.createTable('users', (t) => { t.increments(); t.text('name'); });
    exports.down = () => {};`,
  'seeds/1.js': `const db = require('../db');
    exports.seed = async () => { await db('users').del(); await db('users').insert({ name: 'seeded' }); };`,
};
const testing = { template: { knex: true, seed: true } } as const;

test('a seed with a pool of its own that reads DATABASE_URL fills the template', async () => {
  const database = await scratch.database();
  const run = await fixture.start(testing, { cwd: fixture.project(project), url: serverUrl({ database }) });
  expect(await names(run)).toEqual([{ name: 'seeded' }]);
});

test('a seed with its own pool on the configured database is refused with its line, and nothing is built', async () => {
  const database = await scratch.database();
  const url = serverUrl({ database });
  const cwd = fixture.project({
    ...project,
    'db.js': `const { Pool } = require('pg'); module.exports = new Pool({ connectionString: ${JSON.stringify(url)} });`,
    'seeds/1.js': `const db = require('../db');
exports.seed = async () => {
  await db.query('DELETE FROM marker').catch(() => 'who looks at that');
};`,
  });
  const error = await failureOf(fixture.start(testing, { cwd, url }));
  expect(error).toMatchObject({
    code: 'REFUSED',
    message: expect.stringContaining(
      `${cwd}/seeds/1.js:3 connects to database "${database}", which is the configured one`,
    ) as unknown,
  });
  expect(error.message).toContain('wrap the knexfile');
  expect(await askDatabase(database, 'SELECT content FROM marker')).toEqual([{ content: 'old' }]);
});

test('a second run of one process has a template of what the files hold by then', async () => {
  const cwd = fixture.project({
    ...project,
    'seeds/1.js': `exports.seed = async (knex) => { await knex('users').insert({ name: require('../name') }); };`,
    'name.js': `module.exports = 'first';`,
  });
  const first = await fixture.start({ template: { ...testing.template, inputs: 'name.js' } }, { cwd });
  expect(await names(first)).toEqual([{ name: 'first' }]);
  writeFileSync(join(cwd, 'name.js'), `module.exports = 'second';`);
  const second = await fixture.start({ template: { ...testing.template, inputs: 'name.js' } }, { cwd });
  expect(await names(second)).toEqual([{ name: 'second' }]);
});

async function names(run: TestRun): Promise<unknown[]> {
  const { url } = await acquireDatabase(run);
  return rowsIn(url, 'SELECT name FROM users');
}
