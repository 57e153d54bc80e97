import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beginHost, endHost } from '@pg-evict/testing';
import { useOwnServer } from '../../support/own-server.js';
import { ask, serverUrl, until } from '../../support/server.js';
import { WorkerProcess } from '../../support/testing/host/worker-process.js';
import { setupWith } from '../../support/testing/run-fixture.js';

const cwd = realpathSync(mkdtempSync(join(tmpdir(), 'pg-evict-autovacuum-')));
afterAll(() => rmSync(cwd, { recursive: true }));
// A worker of autovacuum comes soon, and stays.
useOwnServer({
  autovacuum: 'on',
  autovacuum_naptime: '1s',
  autovacuum_vacuum_cost_delay: '100ms',
  autovacuum_vacuum_cost_limit: 1,
});

const workersOn = async (database: string): Promise<unknown[]> =>
  ask(`SELECT pid FROM pg_stat_activity WHERE datname = $1 AND backend_type = 'autovacuum worker'`, [
    database,
  ]);

test.each(['CREATEDB', 'SUPERUSER'])(
  'a worker of autovacuum is no session that a file left open, for a role with %s',
  async (privilege) => {
    const role = `tester_${privilege.toLowerCase()}`;
    await ask(`CREATE ROLE ${role} LOGIN ${privilege} PASSWORD 'x'`);
    const url = new URL(serverUrl());
    Object.assign(url, { username: role, password: 'x' });
    const host = await beginHost({
      url: url.href,
      cwd,
      testing: { template: { setup: setupWith(`CREATE TABLE ${role} AS SELECT 1 AS a`) } },
    });
    const worker = new WorkerProcess(host);
    const { name } = await worker.tell<{ name: string }>('begin');
    await worker.tell('ready');
    const sql = 'CREATE TABLE big AS SELECT n FROM generate_series(1, 100000) n; UPDATE big SET n = n + 1';
    await worker.tell('query', { sql });
    await until(async () => (await workersOn(name)).length > 0, 'autovacuum has come');
    expect(await worker.tell('leaks')).toEqual({ leaks: [], text: null });
    expect(await workersOn(name)).not.toEqual([]);
    await worker.tell('giveBack');
    await WorkerProcess.killAll();
    await endHost(host);
  },
);
