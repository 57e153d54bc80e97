import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, realpathSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ReconnectingClients } from '../support/reconnecting-clients.js';
import { serverUrl, withClient } from '../support/server.js';
import { KnexFixture } from '../support/knex/knex-fixture.js';
import { knexVersions } from '../support/knex/knex-versions.js';

const example = resolve(__dirname, '../../examples/knex-migrate');

describe.each(knexVersions)('the example with %s', (version) => {
  const { project, scratch } = new KnexFixture(version);

  it('runs its scripts while others are connected and come back', async () => {
    install();
    const database = await scratch.database();
    const url = serverUrl({ database });
    const clients = new ReconnectingClients(url, 10);
    try {
      expect(await script('db:recreate', url)).toMatchObject({ code: 0 });
      expect(await script('db:migrate', url)).toMatchObject({ code: 0 });
      expect(await script('db:seed', url)).toMatchObject({ code: 0 });
      expect(await pets(url)).toEqual([{ pet: 'Byron', owner: 'Ada' }]);
      expect(await script('db:fresh', url)).toMatchObject({
        code: 0,
        output: expect.stringMatching(
          /people\.ts .*\n.*pets\.ts .*\nRecreated \S+ with 2 migrations and 1 seed in .*; \d+ sessions? terminated\./,
        ) as unknown,
      });
      expect(await pets(url)).toEqual([{ pet: 'Byron', owner: 'Ada' }]);
    } finally {
      await clients.stop();
    }
    expect(clients.statistics.connected).toBeGreaterThanOrEqual(20);
    expect(clients.statistics.mostRefusalsInARow).toBeLessThanOrEqual(1);
  });

  function install(): void {
    const modules = join(project.directory, 'node_modules');
    for (const part of ['package.json', 'knexfile.ts', 'migrations', 'seeds']) {
      cpSync(join(example, part), join(project.directory, part), { recursive: true });
    }
    for (const name of ['tsx', 'pg-evict']) {
      symlinkSync(realpathSync(join(example, 'node_modules', name)), join(modules, name), 'junction');
    }
    mkdirSync(join(modules, '.bin'));
    symlinkSync(join(modules, 'pg-evict/bin/pg-evict.cjs'), join(modules, '.bin/pg-evict'));
  }

  async function script(name: string, url: string): Promise<{ code: number | null; output: string }> {
    const child = spawn('npm', ['run', '--silent', name], {
      cwd: project.directory,
      env: { ...process.env, NODE_ENV: 'development', DATABASE_URL: url },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const code = await new Promise<number | null>((done) => child.once('close', done));
    return { code, output };
  }

  async function pets(url: string): Promise<unknown[]> {
    return withClient(url, async (client) => {
      const { rows } = await client.query<object>(
        'SELECT pets.name AS pet, people.name AS owner FROM pets JOIN people ON owner = people.id',
      );
      return rows;
    });
  }
});
