import { realpathSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { installJest, type JestInstallation } from '../support/jest/jest-installation.js';
import { JestProject, withWorkers } from '../support/jest/jest-project.js';
import { containerOptions, docker } from '../support/docker/container.js';
import { watchEngine } from '../support/docker/watch-engine.js';

const leftOnEngine = watchEngine();
const defaultImage = 'postgres:18-alpine';
let installation: JestInstallation;
let isTagged = false;

beforeAll(async () => {
  installation = installJest('jest');
  const { resolve } = createRequire(join(containerOptions().from ?? '', 'module.cjs'));
  const installed = dirname(realpathSync(resolve('testcontainers/package.json')));
  symlinkSync(installed, join(installation.modules, 'testcontainers'));
  // The configuration names no image. Where the default one cannot be had, another has its name for as long.
  const { image = defaultImage } = containerOptions();
  if (image !== defaultImage && (await docker('images', '--quiet', defaultImage)) === '') {
    await docker('tag', image, defaultImage);
    isTagged = true;
  }
  // JestProject names a server; the project is told of none.
  process.env['PG_EVICT_TEST_URL'] ??= 'postgres://nobody@127.0.0.1:1/postgres';
});

afterAll(async () => {
  installation.remove();
  if (isTagged) await docker('rmi', '--no-prune', defaultImage);
});

test("with testing.server: 'testcontainers' a run of Jest has its databases in one container, which goes with it", async () => {
  const reads = (change: string): string => `
    const { Pool } = require('pg');
    const pool = new Pool({ connectionString: process.env.DATABASE_URL });
    afterAll(async () => pool.end());
    test('finds the template, in a container, and changes it', async () => {
      const { rows } = await pool.query('SELECT text FROM notes');
      expect(rows).toEqual([{ text: 'template' }]);
      const server = await pool.query("SELECT pg_read_file('/etc/hostname') AS name");
      console.log('HOST=' + server.rows[0].name);
      await pool.query("INSERT INTO notes VALUES ('${change}')");
    });`;
  const project = new JestProject(installation, 'plain', {
    'pg-evict.config.cjs': `
      const { Client } = require('pg');
      module.exports = {
        testing: {
          server: 'testcontainers',
          template: {
            async setup(url) {
              const client = new Client({ connectionString: url });
              await client.connect();
              await client.query("CREATE TABLE notes AS SELECT 'template' AS text");
              await client.end();
            },
          },
        },
      };`,
    'tests/one.test.js': reads('one'),
    'tests/two.test.js': reads('two'),
  });
  try {
    const run = await project.run({ parameters: withWorkers, env: { DATABASE_URL: undefined } });
    expect(run.files).toEqual({
      'one.test.js': { status: 'passed', message: '' },
      'two.test.js': { status: 'passed', message: '' },
    });
    expect(run.code).toBe(0);
    // The engine gives each container its id as its host's name.
    const hosts = [...run.stderr.matchAll(/HOST=([0-9a-f]{12})$/gm)].map(([, host]) => host);
    expect(hosts).toHaveLength(2);
    expect(new Set(hosts).size).toBe(1);
    expect(await leftOnEngine()).toEqual([]);
  } finally {
    project.remove();
  }
});
