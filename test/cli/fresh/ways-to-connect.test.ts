import { serverUrl } from '../../support/server.js';
import { runCli } from '../../support/cli/run-cli.js';
import { askDatabase } from '../../support/knex/ask-database.js';
import { KnexFixture } from '../../support/knex/knex-fixture.js';
import { writeProject } from '../../support/knex/knex-files.js';

const fixture = new KnexFixture('knex');
const { scratch } = fixture;

const withPg = (url: string): string => `const { Client } = require('pg');
exports.write = async () => {
  const client = new Client({ connectionString: '${url}' });
  await client.connect(); // here
  await client.query('DELETE FROM marker');
  await client.end();
};`;

describe('a seed that writes to the old database', () => {
  it.each<[string, (url: string) => Readonly<Record<string, string>>, RegExp]>([
    [
      'under another address of the server',
      (url) => ({
        'write.js': withPg(url.replace('localhost', '127.0.0.1')),
        'seeds/1.js': `exports.seed = () => require('../write').write();`,
      }),
      /\/write\.js:4 connects/,
    ],
    [
      'by postgres.js, which connects from a queue',
      (url) => ({
        'seeds/1.js': `const sql = require(${JSON.stringify(require.resolve('postgres'))})('${url}');
exports.seed = async () => {
  await sql\`DELETE FROM marker\`;
};`,
      }),
      /\/seeds\/1\.js:\d connects/,
    ],
    [
      'in a process that it starts, whose failure nobody looks at',
      (url) => ({
        'write.js': `${withPg(url)}\nexports.write();`,
        'seeds/1.js': `const { spawnSync } = require('node:child_process');
exports.seed = async () => { spawnSync(process.execPath, ['write.js'], { stdio: 'ignore' }); };`,
      }),
      /\/write\.js:4 connects/,
    ],
    [
      'in a thread',
      (url) => ({
        'write.js': `${withPg(url)}\nexports.write();`,
        'seeds/1.js': `const { Worker } = require('node:worker_threads');
exports.seed = () => new Promise((done) => {
  new Worker(require.resolve('../write.js'), { stderr: true }).on('error', done).on('exit', done);
});`,
      }),
      /\/write\.js:4 connects/,
    ],
    [
      'and tries for ever',
      (url) => ({
        'write.js': withPg(url),
        'seeds/1.js': `const { write } = require('../write');
exports.seed = async () => {
  for (;;) {
    if (await write().then(() => true, () => false)) return;
    await new Promise((done) => setTimeout(done, 50));
  }
};`,
      }),
      /\/write\.js:4 connects/,
    ],
  ])('%s is refused with its line', async (_what, files, expected) => {
    const database = await scratch.database();
    const folder = writeProject(fixture.project.directory, {
      'knexfile.js': `module.exports = { client: 'pg', connection: process.env.DATABASE_URL };`,
      'migrations/1.js': `exports.up = (k) => k.schema.createTable('users', () => undefined); exports.down = () => {};`,
      ...files(serverUrl({ database })),
    });
    const env = { DATABASE_URL: serverUrl({ database }) };
    const { code, stderr } = await runCli(['fresh', '-y', '--seed'], env, folder);
    expect(stderr).toMatch(expected);
    expect(code).toBe(3);
    expect(await askDatabase(database, 'SELECT content FROM marker')).toEqual([{ content: 'old' }]);
  });

  it('is not refused another database of the server', async () => {
    const [database, other] = [await scratch.database(), await scratch.database()];
    const folder = writeProject(fixture.project.directory, {
      'knexfile.js': `module.exports = { client: 'pg', connection: process.env.DATABASE_URL };`,
      'migrations/1.js': `exports.up = (k) => k.schema.createTable('users', () => undefined); exports.down = () => {};`,
      'write.js': withPg(serverUrl({ database: other })),
      'seeds/1.js': `exports.seed = () => require('../write').write();`,
    });
    const env = { DATABASE_URL: serverUrl({ database }) };
    expect(await runCli(['fresh', '-y', '--seed'], env, folder)).toMatchObject({ code: 0, stderr: '' });
    expect(await askDatabase(other, 'SELECT content FROM marker')).toEqual([]);
  });
});
