import { setTimeout as sleep } from 'node:timers/promises';
import { dropDatabase, recreateDatabase } from '@pg-evict/core';
import { startServer, type RunningEmbeddedServer } from '@pg-evict/server';
import { failureOf } from '../../support/core/failure.js';
import { stillAtWork, targetOf, type OwnTarget } from '../../support/core/target.js';
import { CuttingProxy } from '../../support/cutting-proxy.js';
import { OperationProcess } from '../../support/operation-process.js';
import { serverOptions } from '../../support/server-options.js';
import { ask, serverUrl, until, withClient } from '../../support/server.js';
import { pick, randomNumbers } from '../../support/long/random.js';
import { operationNames, operations, Scene, type OperationName } from '../../support/long/scene.js';

/** How many faults in all; and what they are drawn from. */
const total = Number(process.env['FAULTS'] ?? 260);
const seed = Number(process.env['FAULTS_SEED'] ?? 1);

let server: RunningEmbeddedServer;
const tally: Record<string, { injected: number; survived: number }> = {};

beforeAll(async () => {
  // A crash loses what was not waited for; the databases' names must not be among it.
  server = await startServer(serverOptions({ max_connections: 300, synchronous_commit: 'on' }));
  process.env['PG_EVICT_TEST_URL'] = server.url;
});

afterAll(async () => {
  await server.stop();
  const rows = Object.entries(tally).map(
    ([kind, { injected, survived }]) =>
      `${kind.padEnd(60)}${String(injected).padStart(8)}${String(survived).padStart(10)}`,
  );
  const sum = (key: 'injected' | 'survived'): number =>
    Object.values(tally).reduce((all, counts) => all + counts[key], 0);
  process.stdout.write(
    [
      `\nFaults (PostgreSQL ${server.version}, seed ${seed})`,
      `${''.padEnd(60)}injected  survived`,
      ...rows,
      `${'all'.padEnd(60)}${String(sum('injected')).padStart(8)}${String(sum('survived')).padStart(10)}\n`,
    ].join('\n'),
  );
});

interface Fault {
  readonly name: OperationName;
  readonly random: () => number;
}

/** Meets faults of one kind, a few at a time; each failure says how to get it again. */
async function inject(
  kind: string,
  faults: readonly Fault[],
  atOnce: number,
  meet: (scene: Scene, fault: Fault, index: number) => Promise<void>,
): Promise<string[]> {
  const counts = (tally[kind] = { injected: 0, survived: 0 });
  const failures: string[] = [];
  const queue = faults.entries();
  const worker = async (): Promise<void> => {
    for (const [index, fault] of queue) {
      const scene = await Scene.open();
      counts.injected += 1;
      try {
        if (fault.name === 'createDatabase') await ask(`DROP DATABASE "${scene.database}" WITH (FORCE)`);
        await meet(scene, fault, index);
        if (fault.name === 'createDatabase') await scene.run('createDatabase');
        await scene.verify(fault.name, index % 2 === 0 ? 'repair' : 'recreate');
        counts.survived += 1;
      } catch (error) {
        failures.push(`${kind}, seed ${seed}, number ${index}, ${fault.name}: ${String(error)}`);
      } finally {
        await scene.close();
      }
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return failures;
}

/** Faults of one kind, as many as its share of the total. */
function drawn(share: number, offset: number, names: readonly OperationName[] = operationNames): Fault[] {
  return Array.from({ length: Math.ceil(total * share) }, (_, index) => {
    const random = randomNumbers(seed * 1_000_003 + offset * 10_007 + index);
    return { name: pick(names, random()), random };
  });
}

test('killed at every step of every operation', async () => {
  const steps = operationNames.flatMap((name) => operations[name].steps.map((step) => ({ name, step })));
  const faults = steps.map(({ name }) => ({ name, random: randomNumbers(seed) }));
  const failures = await inject('SIGKILL at a step', faults, 3, async (scene, { name }, index) => {
    const { step } = steps[index] ?? { step: '' };
    const values = operations[name].values(scene);
    const child = new OperationProcess({ operation: name, target: scene.target, values, pauseAt: step });
    await child.reached(step);
    await child.kill();
  });
  expect(failures).toEqual([]);
});

test('killed at any moment, statements under way included', async () => {
  // Those that do more than one thing have more to leave behind.
  const names: OperationName[] = [
    ...operationNames,
    ...(['recreateDatabase', 'withExclusiveAccess', 'cloneDatabase'] as const),
    ...(['recreateDatabase', 'withExclusiveAccess'] as const),
  ];
  const failures = await inject(
    'SIGKILL at a random moment',
    drawn(0.3, 1, names),
    3,
    async (scene, { name, random }) => {
      const values = operations[name].values(scene);
      const child = new OperationProcess({ operation: name, target: scene.target, values });
      await child.reached('connected');
      await sleep(random() * 150);
      await child.kill();
    },
  );
  expect(failures).toEqual([]);
});

test('our own sessions are terminated by another client', async () => {
  const which = ['the older', 'the newer', 'both'] as const;
  const failures = await inject(
    'pg_terminate_backend on our own sessions',
    drawn(0.25, 2),
    3,
    async (scene, { name, random }) => {
      const chosen = pick(which, random());
      const running = scene.run(name);
      await sleep(random() * 150);
      await ask(
        `SELECT pg_terminate_backend(pid) FROM (
         SELECT pid, row_number() OVER (ORDER BY backend_start, pid) AS nth FROM pg_stat_activity
         WHERE application_name = $1) AS own
       WHERE $2 = 'both' OR nth = CASE $2 WHEN 'the older' THEN 1 ELSE 2 END`,
        [scene.target.connection.application_name, chosen],
      );
      await running;
    },
  );
  expect(failures).toEqual([]);
});

/** A proxy, and the scene's target through it. */
async function proxied(scene: Scene): Promise<{ proxy: CuttingProxy; target: OwnTarget }> {
  const proxy = await CuttingProxy.start(server.host, server.port);
  const url = new URL(serverUrl());
  url.port = String(proxy.port);
  const { connection, database } = targetOf(scene.database, undefined, url.href);
  const { application_name: application } = scene.target.connection;
  return { proxy, target: { database, connection: { ...connection, application_name: application } } };
}

test('the network cuts our connections', async () => {
  const faults = drawn(0.2, 3);
  const failures = await inject('connections cut by a proxy', faults, 3, async (scene, { name, random }) => {
    const { proxy, target } = await proxied(scene);
    const running = scene.run(name, target);
    await sleep(random() * 150);
    if (random() < 0.5) proxy.cut();
    else proxy.stop();
    await running;
    proxy.stop();
  });
  expect(failures).toEqual([]);
});

// One at a time: a backend whose client falls silent while it authenticates holds up every DROP DATABASE of the server
// (it answers no ProcSignalBarrier until authentication_timeout), and with it the operations of other scenes.
test('if the network falls silent, the operation still returns', async () => {
  const faults = drawn(0.012, 3);
  const failures = await inject(
    'connections that fall silent',
    faults,
    1,
    async (scene, { name, random }) => {
      const { proxy, target } = await proxied(scene);
      const running = scene.run(name, target, 2000);
      await sleep(random() * 150);
      proxy.fallSilent();
      const late = sleep(60_000, 'late', { ref: false });
      const first = await Promise.race([running, late]);
      proxy.stop();
      if (first === 'late') throw new Error('it did not come back');
    },
  );
  expect(failures).toEqual([]);
});

test('the server crashes and recovers', async () => {
  const failures = await inject(
    'immediate restart of the server',
    drawn(0.06, 4),
    1,
    async (scene, { name, random }) => {
      const running = scene.run(name);
      await sleep(random() * 150);
      await server.restart({ mode: 'immediate' });
      await running;
    },
  );
  expect(failures).toEqual([]);
});

test.each([2, 10])('%i recreates of one database at once, from as many processes', async (count) => {
  const faults = drawn(count === 2 ? 0.03 : 0.01, 5 + count, ['recreateDatabase']);
  const failures = await inject(`${count} recreates at once`, faults, 1, async (scene) => {
    const children = Array.from(
      { length: count },
      () =>
        new OperationProcess({ operation: 'recreateDatabase', target: scene.target, pauseAt: 'connected' }),
    );
    await Promise.all(children.map(async (child) => child.reached('connected')));
    for (const child of children) child.resume();
    const outcomes = await Promise.all(children.map(async (child) => child.ended()));
    const failed = outcomes.filter((outcome) => outcome?.step !== 'done');
    if (failed.length > 0) throw new Error(JSON.stringify(failed));
  });
  expect(failures).toEqual([]);
});

test('killed while it waits for an uncommitted ALTER DATABASE', async () => {
  const waiting: OperationName[] = ['recreateDatabase', 'dropDatabase', 'renameDatabase', 'swapDatabase'];
  const failures = await inject(
    'SIGKILL while a lock is waited for',
    drawn(0.04, 6, waiting),
    3,
    async (scene, { name }) => {
      await withClient(serverUrl(), async (holder) => {
        await holder.query(`BEGIN; ALTER DATABASE "${scene.database}" CONNECTION LIMIT 9`);
        const values = operations[name].values(scene);
        const child = new OperationProcess({ operation: name, target: scene.target, values });
        await child.reached('checked');
        await until(
          async () =>
            (await stillAtWork(scene.target)).some(
              ({ state, query }) => state === 'active' && /^(?:ALTER|DROP)/.test(query),
            ),
          'it waits',
        );
        await child.kill();
        await holder.query('ROLLBACK');
      });
    },
  );
  expect(failures).toEqual([]);
});

test('an uncommitted ALTER DATABASE outlasts the deadline', async () => {
  const failures = await inject(
    'lock held until the deadline',
    drawn(0.03, 7, ['recreateDatabase']),
    3,
    async (scene) => {
      await withClient(serverUrl(), async (holder) => {
        await holder.query(`BEGIN; ALTER DATABASE "${scene.database}" CONNECTION LIMIT 9`);
        for (const operate of [recreateDatabase, dropDatabase]) {
          const error = await failureOf(operate(scene.target, { timeoutMs: 2000 }));
          expect(error).toMatchObject({ code: 'BLOCKED', terminated: [] });
        }
        await holder.query('ROLLBACK');
      });
    },
  );
  expect(failures).toEqual([]);
});

test('nothing is left on the server', async () => {
  expect(await ask(`SELECT datname FROM pg_database WHERE datname LIKE 'pg\\_evict\\_%'`)).toEqual([]);
});
