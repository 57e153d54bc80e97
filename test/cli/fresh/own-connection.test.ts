import { serverUrl } from '../../support/server.js';
import { runCli, type CliResult } from '../../support/cli/run-cli.js';
import { askDatabase, tables } from '../../support/knex/ask-database.js';
import { KnexFixture } from '../../support/knex/knex-fixture.js';
import { writeProject } from '../../support/knex/knex-files.js';

const fixture = new KnexFixture('knex');
const { scratch } = fixture;

const files = {
  'knexfile.js': `module.exports = { client: 'pg', connection: process.env.DATABASE_URL };`,
  'db.js': `module.exports = require('knex')(require('./knexfile'));`,
  'migrations/1.js': `exports.up = (k) => k.schema.createTable('users', (t) => { t.increments(); t.text('name'); });
    exports.down = () => {};`,
  'seeds/1.js': `const db = require('../db');
    exports.seed = async () => { await db('users').del(); await db('users').insert({ name: 'seeded' }); };`,
};

describe('a seed with a pool of its own', () => {
  it('that reads DATABASE_URL fills the new database, and what it leaves open does not keep the command', async () => {
    const database = await scratch.database();
    const { code, stderr } = await fresh(files, database, '--seed');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(await askDatabase(database, 'SELECT name FROM users')).toEqual([{ name: 'seeded' }]);
  });

  it('of a wrapped knexfile that names the database itself fills the new one', async () => {
    const database = await scratch.database();
    const knexfile = `const { withPgEvict } = require('@pg-evict/knex');
      module.exports = withPgEvict({ client: 'pg', connection: ${JSON.stringify(serverUrl({ database }))} });`;
    const { code, stderr } = await fresh({ ...files, 'knexfile.js': knexfile }, database, '--seed');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(await askDatabase(database, 'SELECT name FROM users')).toEqual([{ name: 'seeded' }]);
  });

  it('to the old database is refused with its line before anything is written', async () => {
    const database = await scratch.database();
    await fixture.others(database);
    const knexfile = `module.exports = { client: 'pg', connection: ${JSON.stringify(serverUrl({ database }))} };`;
    const deleting = `const db = require('../db');
exports.seed = async () => { await db('marker').del(); };`;
    const { code, stdout, stderr } = await fresh(
      { ...files, 'knexfile.js': knexfile, 'seeds/1.js': deleting },
      database,
      '--seed',
    );
    expect(stderr).toMatch(
      new RegExp(
        `^error: /\\S+/seeds/1\\.js:2 connects to database "${database}", which is about to be replaced: what it writes there would be lost\\. The connection was refused before anything was written\\. Database "${database}" was not replaced\\.\nhint: .*DATABASE_URL.*--in-place\\.\n$`,
      ),
    );
    expect(code).toBe(3);
    expect(stdout).toMatch(/^1\.js {2}/);
    expect(await tables(database)).toEqual(['marker']);
    expect(await askDatabase(database, 'SELECT content FROM marker')).toEqual([{ content: 'old' }]);
  });
});

async function fresh(
  given: Readonly<Record<string, string>>,
  database: string,
  ...args: string[]
): Promise<CliResult> {
  const folder = writeProject(fixture.project.directory, given);
  return runCli(['fresh', '-y', ...args], { DATABASE_URL: serverUrl({ database }) }, folder);
}
