import { readFileSync } from 'node:fs';
import { requireTls, type TlsFiles } from '../../support/require-tls.js';
import { serverUrl } from '../../support/server.js';
import { JestFixture } from '../../support/jest/jest-fixture.js';
import { withWorkers } from '../../support/jest/jest-project.js';

describe('a server that speaks nothing but TLS', () => {
  let files: TlsFiles;
  const fixture = new JestFixture();
  beforeAll(async () => {
    files = await requireTls(fixture.server());
  });
  afterAll(() => files.remove());

  it.each([
    ['of which the configuration has the bytes', '', 1],
    ['that is longer than a variable of the environment may be', ", 'utf8'", 200],
  ])('is reached from each worker with a certificate %s', async (_which, encoding, times) => {
    const { username, password, port } = new URL(serverUrl());
    const project = fixture.project('plain', {
      'server.crt': readFileSync(files.certificate, 'utf8').repeat(times),
      'connect.cjs': `
        const { readFileSync } = require('node:fs');
        const { join } = require('node:path');
        const { Client } = require('pg');
        exports.ssl = { ca: readFileSync(join(__dirname, 'server.crt')${encoding}) };
        exports.query = async (url, sql) => {
          const client = new Client({ connectionString: url, ssl: exports.ssl });
          await client.connect();
          const { rows } = await client.query(sql);
          await client.end();
          return rows;
        };`,
      'pg-evict.config.cjs': `
        const { query, ssl } = require('./connect.cjs');
        const login = ${JSON.stringify({ user: username, password: decodeURIComponent(password) })};
        module.exports = {
          connection: { host: '127.0.0.1', port: ${port}, ...login, database: 'app_test', ssl },
          testing: { template: { setup: async (url) => query(url, "CREATE TABLE notes AS SELECT 'template' AS text") } },
        };`,
    });
    const test = `
      const { query } = require('../connect.cjs');
      test('has the template', async () => {
        expect(await query(process.env.DATABASE_URL, 'SELECT text FROM notes')).toEqual([{ text: 'template' }]);
        expect(process.send).toBeDefined();
      });`;
    for (const name of ['one', 'two']) project.write(`tests/${name}.test.js`, test);
    const run = await project.run({ parameters: withWorkers, env: { DATABASE_URL: '' } });
    expect(run).toMatchObject({ code: 0, passed: 2 });
  });
});
