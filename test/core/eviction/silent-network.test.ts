import {
  cloneDatabase,
  createDatabase,
  dropDatabase,
  listSessions,
  recreateDatabase,
  renameDatabase,
  swapDatabase,
  terminateSessions,
  withExclusiveAccess,
  type OperationOptions,
  type OperationStep,
  type Target,
} from '@pg-evict/core';
import { proxied } from '../../support/core/lost-connections.js';
import { failureOf } from '../../support/core/failure.js';
import { stillAtWork } from '../../support/core/target.js';
import { Scratch } from '../../support/scratch.js';
import { ask, until } from '../../support/server.js';
import { useSessions } from '../../support/sessions.js';

const scratch = new Scratch();
afterAll(async () => scratch.cleanUp());
const sessionOn = useSessions();

type Operate = (target: Target, options: OperationOptions, second: string) => Promise<unknown>;
const operations: Record<string, Operate> = {
  drop: dropDatabase,
  create: async ({ connection }, options) =>
    createDatabase({ connection, database: scratch.newName('created') }, options),
  recreate: recreateDatabase,
  'recreate, filling it': async (target, options) =>
    recreateDatabase(target, { ...options, fill: () => undefined }),
  rename: async (target, options) => renameDatabase(target, scratch.newName('to'), options),
  clone: async (target, options) => cloneDatabase(target, scratch.newName('to'), options),
  swap: async (target, options, second) => swapDatabase(target, second, options),
  'exclusive access': async (target, options) => withExclusiveAccess(target, () => undefined, options),
};
const timeoutMs = 1500;

/** What is left of an operation at the server ends with the test. */
async function endAll(target: Parameters<typeof stillAtWork>[0]): Promise<void> {
  const { application_name: application } = target.connection;
  await ask('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1', [
    application,
  ]);
  await until(async () => (await stillAtWork(target)).length === 0, 'its sessions are gone');
}

const moments = ['connected', 'checked', 'created'] as const satisfies readonly OperationStep[];
const withStep = Object.keys(operations).flatMap((name) =>
  moments
    .filter((moment) => moment !== 'created' || /recreate|exclusive/.test(name))
    .map((moment): [string, OperationStep] => [name, moment]),
);

// Each must be over long before Jest loses patience: the deadline is exceeded by no more than a second.
const patienceMs = 12_000;

test.each(withStep)(
  'the network falls silent in the middle of it: %s comes back soon after its deadline (%s)',
  async (name, moment) => {
    const [database, second] = [await scratch.database(), await scratch.database()];
    await sessionOn(database);
    const { proxy, target } = await proxied(database);
    const failing = failureOf(
      operations[name]?.(
        target,
        {
          timeoutMs,
          onStep: (step) => {
            if (step === moment) proxy.fallSilent();
          },
        },
        second,
      ) ?? Promise.resolve(),
    );
    const error = await failing;
    expect(['TIMEOUT', 'CONNECTION_FAILED']).toContain(error.code);
    proxy.stop();
    await endAll(target);
  },
  patienceMs,
);

test(
  'the network falls silent while a database is held: it is said that it was not given back, soon after the deadline',
  async () => {
    const { proxy, target } = await proxied(await scratch.database());
    const holding = withExclusiveAccess(target, () => proxy.fallSilentAfter(/[^]/), { timeoutMs });
    expect(await failureOf(holding)).toMatchObject({
      code: 'CONNECTION_FAILED',
      message: expect.stringMatching(/not known whether .*pg_evict_held_/) as unknown,
    });
    proxy.stop();
    await endAll(target);
  },
  patienceMs,
);

test.each([
  ['listing', async (target: Target) => listSessions(target, { timeoutMs })],
  ['ending', async (target: Target) => terminateSessions(target, { timeoutMs })],
  ['dropping', async (target: Target) => dropDatabase(target, { timeoutMs })],
])(
  'a server that does not answer from the beginning: %s gives up at its deadline',
  async (_name, operate) => {
    const { proxy, target } = await proxied(await scratch.database());
    proxy.swallow();
    expect(await failureOf(operate(target))).toMatchObject({ code: 'TIMEOUT' });
    proxy.stop();
  },
  patienceMs,
);
