import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { type RunningEmbeddedServer, startServer } from '@pg-evict/server';

import {
  assertNothingLeft,
  leftovers,
  leftoversAfter,
  makeParentDirectory,
  packagesFrom,
  removeParentDirectory,
} from '../../support/server/parent-directory.js';
import { query } from '../../support/server/query.js';

const versions = (process.env['PG_VERSIONS'] ?? '18').split(/[\s,]+/).map(Number);

describe.each(versions)('an embedded PostgreSQL %i', (version) => {
  let parentDirectory: string;
  let server: RunningEmbeddedServer;

  beforeAll(async () => {
    parentDirectory = makeParentDirectory();
    server = await startServer({
      kind: 'embedded',
      version,
      from: packagesFrom,
      parentDirectory,
      settings: { max_connections: 50, wal_level: 'logical', track_functions: 'all', log_connections: true },
    });
  });

  afterAll(async () => {
    await server.stop();
    assertNothingLeft(parentDirectory);
    removeParentDirectory(parentDirectory);
  });

  it('is of the major that was asked for', async () => {
    const [row] = await query(server.url, "SELECT current_setting('server_version') AS version");
    expect(row).toEqual({ version: server.version });
    expect(server.version.split('.')[0]).toBe(String(version));
  });

  it('lets its user in as superuser', async () => {
    const [row] = await query(
      server.url,
      'SELECT current_user::text, current_database()::text, rolsuper FROM pg_roles WHERE rolname = current_user',
    );
    expect(row).toEqual({ current_user: server.user, current_database: server.database, rolsuper: true });
  });

  it('refuses a wrong password', async () => {
    const url = new URL(server.url);
    url.password = 'wrong';
    await expect(query(url.href, 'SELECT')).rejects.toMatchObject({ code: '28P01' });
  });

  it('stores the password for scram-sha-256 and trusts nobody', async () => {
    const rows = await query(server.url, 'SELECT DISTINCT auth_method FROM pg_hba_file_rules');
    expect(rows).toEqual([{ auth_method: 'scram-sha-256' }]);
    const [role] = await query(
      server.url,
      "SELECT rolpassword LIKE 'SCRAM-SHA-256$%' AS scram FROM pg_authid WHERE rolname = current_user",
    );
    expect(role).toEqual({ scram: true });
  });

  it('listens on the loopback address only', async () => {
    const [row] = await query(
      server.url,
      "SELECT current_setting('listen_addresses') AS tcp, current_setting('unix_socket_directories') AS unix",
    );
    expect(row).toEqual({ tcp: '127.0.0.1', unix: '' });
  });

  it('has the settings it was given', async () => {
    const [row] = await query(
      server.url,
      "SELECT current_setting('max_connections') AS max, current_setting('wal_level') AS wal, current_setting('track_functions') AS track",
    );
    expect(row).toEqual({ max: '50', wal: 'logical', track: 'all' });
  });

  it('keeps the password out of files and process titles', () => {
    const home = dirname(server.dataDirectory);
    expect(existsSync(join(home, 'password'))).toBe(false);
    expect(readFileSync(server.logFile, 'utf8')).not.toContain(server.password);
    const titles = readdirSync('/proc')
      .filter((pid) => /^\d+$/.test(pid))
      .flatMap((pid) =>
        ['cmdline', 'environ'].map((file) => {
          try {
            return readFileSync(`/proc/${pid}/${file}`, 'utf8');
          } catch {
            return '';
          }
        }),
      );
    expect(titles.some((title) => title.includes(server.password))).toBe(false);
  });

  it('comes back with its data after a restart, a crash and a killed postmaster', async () => {
    await query(server.url, 'CREATE TABLE kept AS SELECT 1 AS id');
    await server.restart();
    expect(await query(server.url, 'SELECT * FROM kept')).toEqual([{ id: 1 }]);

    await server.restart({ mode: 'immediate' });
    expect(readFileSync(server.logFile, 'utf8')).toContain('automatic recovery in progress');
    expect(await query(server.url, 'SELECT * FROM kept')).toEqual([{ id: 1 }]);

    const { pid } = server;
    process.kill(pid, 'SIGKILL');
    await server.restart();
    expect(server.pid).not.toBe(pid);
    expect(await query(server.url, 'SELECT * FROM kept')).toEqual([{ id: 1 }]);
  });
});

describe('an embedded server', () => {
  let parentDirectory: string;

  beforeEach(() => {
    parentDirectory = makeParentDirectory();
  });

  afterEach(() => {
    removeParentDirectory(parentDirectory);
  });

  it('is one of several that run at once', async () => {
    const servers = await Promise.all(
      [1, 2].map(() => startServer({ kind: 'embedded', from: packagesFrom, parentDirectory })),
    );
    const identifiers = await Promise.all(
      servers.map(({ url }) => query(url, 'SELECT system_identifier FROM pg_control_system()')),
    );
    expect(new Set(identifiers.flat().map((row) => row['system_identifier'])).size).toBe(2);
    await Promise.all(servers.map((server) => server.stop()));
    expect(leftovers(parentDirectory)).toEqual({ files: [], processes: [] });
  });

  it('ends its sessions and leaves nothing behind when it is stopped, however often', async () => {
    const server = await startServer({ kind: 'embedded', from: packagesFrom, parentDirectory });
    const busy = query(server.url, 'SELECT pg_sleep(60)').catch((error: { code?: string }) => error.code);
    while (
      (await query(server.url, "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'")).length === 0
    );
    await Promise.all([server.stop(), server.stop()]);
    await server[Symbol.asyncDispose]();
    expect(await busy).toBe('57P01');
    expect(leftovers(parentDirectory)).toEqual({ files: [], processes: [] });
    await expect(server.restart()).rejects.toMatchObject({ code: 'START_FAILED' });
  });

  it('can be stopped after it died', async () => {
    const server = await startServer({ kind: 'embedded', from: packagesFrom, parentDirectory });
    const sharedMemory = readFileSync(join(server.dataDirectory, 'postmaster.pid'), 'utf8').split('\n')[6];
    const segment = sharedMemory?.trim().split(/\s+/)[1];
    process.kill(server.pid, 'SIGKILL');
    await server.stop();
    expect(await leftoversAfter(parentDirectory, 200_000)).toEqual({ files: [], processes: [] });
    const segments = readFileSync('/proc/sysvipc/shm', 'utf8').split('\n');
    expect(segments.some((line) => line.trim().split(/\s+/)[1] === segment)).toBe(false);
  });

  it('is stopped although a session of it hangs', async () => {
    const server = await startServer({ kind: 'embedded', from: packagesFrom, parentDirectory });
    const rows = query(server.url, 'SELECT pg_sleep(60)').catch(() => []);
    let pid: unknown;
    while (pid === undefined) {
      const found = await query(server.url, "SELECT pid FROM pg_stat_activity WHERE wait_event = 'PgSleep'");
      pid = found[0]?.['pid'];
    }
    process.kill(Number(pid), 'SIGSTOP');
    await server.stop();
    await rows;
    expect(leftovers(parentDirectory)).toEqual({ files: [], processes: [] });
  });
});
