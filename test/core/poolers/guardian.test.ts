import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { PooledClients } from '../../support/pooled-clients.js';
import { OperationProcess, type OperationRequest } from '../../support/operation-process.js';
import {
  adminPassword,
  describeWithPgbouncer,
  type Pgbouncer,
  startPgbouncer,
} from '../../support/pgbouncer.js';
import { Scratch } from '../../support/scratch.js';
import { serverUrl, until } from '../../support/server.js';
import { openSession } from '../../support/sessions.js';

const scratch = new Scratch();
afterAll(async () => scratch.cleanUp());

describeWithPgbouncer('a process that is killed while clients of a pooler wait for it', () => {
  let pgbouncer: Pgbouncer;
  let database: string;
  beforeEach(async () => {
    database = await scratch.database();
    pgbouncer = await startPgbouncer('transaction', { [database]: '', apps: `dbname=${database}` });
  });
  afterEach(async () => pgbouncer.stop());

  const target = (): object => ({
    connection: serverUrl({ database }),
    poolers: [{ url: pgbouncer.consoleUrl() }],
  });
  const resumed = async (): Promise<void> =>
    until(async () => !Object.values(await pgbouncer.paused()).includes(true), 'nothing is paused any more');

  test('lets them continue, although none of its processes is left', async () => {
    const held = new OperationProcess({
      operation: 'withExclusiveAccess',
      target: target(),
      pauseAt: 'inside',
    });
    await held.reached('inside');
    expect(await pgbouncer.paused()).toMatchObject({ [database]: true, apps: true });
    await held.kill();
    await resumed();
  });

  test('lets them continue although its whole process group was killed', async () => {
    const request: OperationRequest = {
      operation: 'withExclusiveAccess',
      target: target(),
      pauseAt: 'inside',
    };
    const script = resolve(__dirname, '../../support/operation-child.mjs');
    const child = spawn(process.execPath, [script, JSON.stringify(request)], {
      detached: true,
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    const paused = new Promise<void>((inside) =>
      child.on('message', ({ step }: { step: string }) => {
        if (step === 'inside') inside();
      }),
    );
    await paused;
    expect(await pgbouncer.paused()).toMatchObject({ [database]: true });
    process.kill(-(child.pid ?? Number.NaN), 'SIGKILL');
    await once(child, 'exit');
    await resumed();
  });

  test('lets them continue if it dies while its PAUSE waits for a transaction, and the pooler survives', async () => {
    const long = await openSession(pgbouncer.url('apps'));
    await long.client.query('BEGIN');
    const recreating = new OperationProcess({ operation: 'recreateDatabase', target: target() });
    await until(async () => (await pgbouncer.paused())['apps'] === true, 'the PAUSE waits');
    await recreating.kill();
    await resumed();
    expect((await long.client.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
    await long.close();
  });

  test.each([0, 50, 100, 200, 300, 400, 600])(
    'has them go on when it dies %i ms after it has made the new database',
    async (afterMs) => {
      const clients = new PooledClients(pgbouncer.url('apps'), 4);
      await clients.succeed(10);
      const recreating = new OperationProcess({ operation: 'recreateDatabase', target: target() });
      await recreating.reached('created').catch(() => undefined);
      await new Promise((go) => setTimeout(go, afterMs));
      await recreating.kill();
      await resumed();
      await clients.succeed(10);
      expect((await clients.stop()).longestMs).toBeLessThan(20_000);
    },
  );

  test('neither it nor the process that resumes shows its password', async () => {
    const held = new OperationProcess({
      operation: 'withExclusiveAccess',
      target: { ...target() },
      pauseAt: 'inside',
    });
    await held.reached('inside');
    const ps = spawn('ps', ['-eww', '-o', 'args'], { stdio: ['ignore', 'pipe', 'inherit'] });
    let text = '';
    ps.stdout.on('data', (part: Buffer) => (text += part.toString()));
    await once(ps, 'close');
    const guardians = text.split('\n').filter((line) => line.includes('resume-poolers'));
    expect(guardians).not.toEqual([]);
    expect(guardians.join('\n')).not.toContain(adminPassword);
    held.resume();
    expect(await held.ended()).toMatchObject({ step: 'done' });
    await resumed();
  });
});
