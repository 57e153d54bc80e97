import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { startServer } from '@pg-evict/server';
import { query } from '../support/server/query.js';
import { containerOptions, docker, withContainer } from '../support/docker/container.js';
import { watchEngine } from '../support/docker/watch-engine.js';

const leftOnEngine = watchEngine();

async function inspect<T>(id: string, format: string): Promise<T> {
  return JSON.parse(await docker('inspect', '--format', `{{json ${format}}}`, id)) as T;
}

describe('a server in a container', () => {
  it('lets its superuser in through the published port, and nobody without the password', async () => {
    await withContainer({}, async (server) => {
      expect(
        await query(
          server.url,
          `SELECT current_user::text AS "user", current_database()::text AS database, rolsuper,
             rolpassword LIKE 'SCRAM-SHA-256$%' AS scram
           FROM pg_authid WHERE rolname = current_user`,
        ),
      ).toEqual([{ user: server.user, database: server.database, rolsuper: true, scram: true }]);
      const [row] = await query(server.url, "SELECT current_setting('server_version') AS version");
      expect(String(row?.['version']).split(' ')[0]).toBe(server.version);

      const wrong = new URL(server.url);
      wrong.password = 'wrong';
      await expect(query(wrong.href, 'SELECT')).rejects.toMatchObject({ code: '28P01' });
    });
  });

  it('has its data in memory, is set for speed, and has the settings it was given', async () => {
    await withContainer({ settings: { max_connections: 50, track_functions: 'all' } }, async (server) => {
      const [row] = await query(
        server.url,
        `SELECT current_setting('fsync') AS fsync, current_setting('synchronous_commit') AS commit,
           current_setting('full_page_writes') AS pages, current_setting('max_connections') AS max,
           current_setting('track_functions') AS track, current_setting('data_directory') AS directory,
           pg_read_file('/proc/self/mounts') AS mounts`,
      );
      expect(row).toMatchObject({ fsync: 'off', commit: 'off', pages: 'off', max: '50', track: 'all' });
      expect(mountOf(String(row?.['directory']), String(row?.['mounts']))).toBe('tmpfs');
    });
  });

  it('has its data where the image has it with tmpfs: false', async () => {
    await withContainer({ tmpfs: false }, async (server) => {
      const [row] = await query(
        server.url,
        "SELECT current_setting('data_directory') AS directory, pg_read_file('/proc/self/mounts') AS mounts",
      );
      expect(mountOf(String(row?.['directory']), String(row?.['mounts']))).not.toBe('tmpfs');
    });
  });

  it('has memory for parallel queries', async () => {
    await withContainer({}, async (server) => {
      expect(await inspect(server.containerId, '.HostConfig.ShmSize')).toBe(256 * 1024 ** 2);
      const force = `SET max_parallel_workers_per_gather = 2; SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0;
        SET min_parallel_table_scan_size = 0; SET work_mem = '128MB'; SET enable_mergejoin = off`;
      await query(
        server.url,
        `CREATE TABLE big AS SELECT n, repeat('x', 100) AS text FROM generate_series(1, 500000) n; ANALYZE big; ${force};
         SELECT count(*) FROM big a JOIN big b USING (n)`,
      );
    });
  });

  it('is watched by a health check that needs no shell', async () => {
    await withContainer({}, async (server) => {
      const test = await inspect<string[]>(server.containerId, '.Config.Healthcheck.Test');
      expect(test.slice(0, 2)).toEqual(['CMD', 'pg_isready']);
      await docker('exec', server.containerId, ...test.slice(1));
    });
  });

  it('is started by the testcontainers that is installed for its caller', async () => {
    const { resolve } = createRequire(join(containerOptions().from ?? '', 'module.cjs'));
    const manifest = readFileSync(resolve('testcontainers/package.json'), 'utf8');
    const { version } = JSON.parse(manifest) as { version: string };
    await withContainer({}, async ({ containerId }) => {
      const labels = await inspect<Record<string, string>>(containerId, '.Config.Labels');
      expect(labels['org.testcontainers.version']).toBe(version);
    });
  });

  it('ends its sessions and leaves neither container nor volume when it is stopped, however often', async () => {
    const server = await startServer(containerOptions());
    const busy = query(server.url, 'SELECT pg_sleep(60)').catch((error: Error) => error);
    await Promise.all([server.stop(), server.stop()]);
    await server[Symbol.asyncDispose]();
    expect(await busy).toBeInstanceOf(Error);
    expect(await leftOnEngine()).toEqual([]);
  });

  it('can be stopped after somebody removed its container', async () => {
    const server = await startServer(containerOptions());
    await docker('rm', '--force', '--volumes', server.containerId);
    await expect(server.stop()).resolves.toBeUndefined();
  });

  it('does not keep its process alive', async () => {
    const child = spawn(
      process.execPath,
      [
        join(__dirname, '../support/server/fixtures/start-server.mjs'),
        JSON.stringify(containerOptions()),
        'end',
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    expect(await once(child, 'close')).toEqual([0, null]);
    const told = JSON.parse(output.split('\n')[1] ?? '') as { containerId: string };
    await docker('rm', '--force', '--volumes', told.containerId);
  });
});

/** The type of the file system that a folder is on. */
function mountOf(folder: string, mounts: string): string | undefined {
  let nearest = '';
  let type: string | undefined;
  for (const [, place = '', found] of mounts.split('\n').map((line) => line.split(' '))) {
    const isAbove = place === '/' || folder === place || folder.startsWith(`${place}/`);
    if (isAbove && place.length >= nearest.length) [nearest, type] = [place, found];
  }
  return type;
}

describe('a server in a container with reuse', () => {
  // A container of its own, whatever else there is to take again.
  const options = containerOptions({ reuse: true, settings: { cluster_name: `reuse_${process.pid}` } });

  it('outlives stop, and the next start uses it with its content', async () => {
    const first = await startServer(options);
    try {
      await query(first.url, 'CREATE TABLE kept AS SELECT 1 AS id');
      await first.stop();
      const second = await startServer(options);
      expect(second).toMatchObject({ containerId: first.containerId, url: first.url });
      expect(await query(second.url, 'SELECT * FROM kept')).toEqual([{ id: 1 }]);

      const [other] = await Promise.all([
        startServer({ ...options, settings: { cluster_name: `other_${process.pid}` } }),
        second.stop(),
      ]);
      expect(other.containerId).not.toBe(first.containerId);
      await docker('rm', '--force', '--volumes', other.containerId);
    } finally {
      await docker('rm', '--force', '--volumes', first.containerId);
    }
  });

  it('comes back empty after its container was stopped, as its data is in memory', async () => {
    const first = await startServer(options);
    try {
      await query(first.url, 'CREATE TABLE lost AS SELECT 1 AS id');
      await docker('stop', '--time', '0', first.containerId);
      const second = await startServer(options);
      expect(second.containerId).toBe(first.containerId);
      expect(await query(second.url, "SELECT to_regclass('lost') AS lost")).toEqual([{ lost: null }]);
    } finally {
      await docker('rm', '--force', '--volumes', first.containerId);
    }
  });

  it('is removed by stop where testcontainers is told to reuse nothing', async () => {
    process.env['TESTCONTAINERS_REUSE_ENABLE'] = 'false';
    try {
      const server = await startServer(options);
      await server.stop();
      expect(await leftOnEngine()).toEqual([]);
    } finally {
      delete process.env['TESTCONTAINERS_REUSE_ENABLE'];
    }
  });
});
