import { cloneDatabase, recreateDatabase } from '@pg-evict/core';
import { PostgreSqlContainer, type StartedPostgreSqlContainer } from '@testcontainers/postgresql';
import { openSession, type OpenSession } from '../support/sessions.js';
import { query } from '../support/server/query.js';
import { containerOptions } from '../support/docker/container.js';

// What snapshot() and restoreSnapshot() of @testcontainers/postgresql do on a container, and what ours do on the same.
const image = containerOptions().image ?? 'postgres:18-alpine';
let container: StartedPostgreSqlContainer;
let maintenance: string;
const sessions: OpenSession[] = [];

beforeAll(async () => {
  container = await new PostgreSqlContainer(image)
    .withDatabase('app')
    // The default one runs in a shell: killed, it leaves the server a child whose end it takes for a crash.
    .withHealthCheck({ test: ['CMD', 'pg_isready', '-h', '127.0.0.1'], interval: 250, retries: 1000 })
    .start();
  maintenance = urlOf('postgres');
});

afterAll(async () => {
  await container.stop();
});

beforeEach(async () => {
  await query(maintenance, 'CREATE DATABASE app').catch(() => undefined);
  await query(urlOf('app'), 'CREATE TABLE IF NOT EXISTS marker AS SELECT 1 AS id');
});

afterEach(async () => {
  await Promise.all(sessions.splice(0).map(async (session) => session.close()));
  for (const name of ['snapshot', 'app']) {
    await query(maintenance, `ALTER DATABASE ${name} IS_TEMPLATE false`).catch(() => undefined);
    await query(maintenance, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  }
});

function urlOf(database: string): string {
  const url = new URL(container.getConnectionUri());
  url.pathname = `/${database}`;
  return url.href;
}

function target(database: string): { connection: string; database: string; maintenanceDatabase: string } {
  return { connection: urlOf(database), database, maintenanceDatabase: 'postgres' };
}

async function connect(database: string): Promise<OpenSession> {
  const session = await openSession(urlOf(database));
  sessions.push(session);
  return session;
}

async function databases(): Promise<unknown[]> {
  const rows = await query(
    maintenance,
    "SELECT datname::text AS name FROM pg_database WHERE datname IN ('app', 'snapshot') ORDER BY 1",
  );
  return rows.map(({ name }) => name);
}

/** testcontainers prints what failed. */
async function quietly<T>(callback: () => Promise<T>): Promise<T> {
  const print = jest.spyOn(console, 'error').mockImplementation(() => undefined);
  try {
    return await callback();
  } finally {
    print.mockRestore();
  }
}

describe('with a client connected', () => {
  it('snapshot() fails', async () => {
    const client = await connect('app');
    await expect(quietly(async () => container.snapshot('snapshot'))).rejects.toThrow(
      'source database "app" is being accessed by other users',
    );
    expect(await databases()).toEqual(['app']);
    await client.client.query('SELECT');
  });

  it('cloneDatabase ends its session and makes the copy', async () => {
    const client = await connect('app');
    const { terminated } = await cloneDatabase(target('app'), 'snapshot');
    expect(terminated.map(({ pid }) => pid)).toEqual([client.pid]);
    expect(await client.ended).toBe('57P01');
    expect(await query(urlOf('snapshot'), 'SELECT * FROM marker')).toEqual([{ id: 1 }]);
  });
});

describe('with a client on the snapshot', () => {
  it('restoreSnapshot() fails and the database is gone', async () => {
    await container.snapshot('snapshot');
    await connect('snapshot');
    await expect(quietly(async () => container.restoreSnapshot('snapshot'))).rejects.toThrow(
      'source database "snapshot" is being accessed by other users',
    );
    expect(await databases()).toEqual(['snapshot']);
  });

  it('recreateDatabase restores the database, whatever sessions are on it', async () => {
    await cloneDatabase(target('app'), 'snapshot');
    await query(urlOf('app'), 'UPDATE marker SET id = 2');
    const on = [await connect('snapshot'), await connect('app'), await connect('app')];
    const { terminated } = await recreateDatabase(target('app'), { template: 'snapshot' });
    expect(new Set(terminated.map(({ pid }) => pid))).toEqual(new Set(on.map(({ pid }) => pid)));
    expect(await query(urlOf('app'), 'SELECT * FROM marker')).toEqual([{ id: 1 }]);
    expect(await databases()).toEqual(['app', 'snapshot']);
  });
});

describe('from a snapshot that does not exist', () => {
  it('restoreSnapshot() fails and the database is gone', async () => {
    await expect(quietly(async () => container.restoreSnapshot('snapshot'))).rejects.toThrow(
      'does not exist',
    );
    expect(await databases()).toEqual([]);
  });

  it('recreateDatabase fails, the database is still there and no session was terminated', async () => {
    const client = await connect('app');
    await expect(recreateDatabase(target('app'), { template: 'snapshot' })).rejects.toMatchObject({
      code: 'DATABASE_NOT_FOUND',
    });
    expect(await databases()).toEqual(['app']);
    await client.client.query('SELECT');
  });
});
