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
import type { CuttingProxy } from '../../support/cutting-proxy.js';
import { settlesWithin } from '../../support/own-time.js';
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
const timeoutMs = 4000;

/** What is left of an operation at the server ends with the test. */
async function endAll(target: Parameters<typeof stillAtWork>[0]): Promise<void> {
  const { application_name: application } = target.connection;
  await ask('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1', [
    application,
  ]);
  await until(async () => (await stillAtWork(target)).length === 0, 'its sessions are gone');
}

type Silenced = (target: Target, proxy: CuttingProxy, restartClock: () => void) => Promise<unknown>;

/** How something fails whose network falls silent, and whether it does so within a second of its deadline. */
async function ending(operate: Silenced): Promise<{ code: string; message: string; isInTime: boolean }> {
  const database = await scratch.database();
  await sessionOn(database);
  const { proxy, target } = await proxied(database);
  let inTime: Promise<boolean> | undefined;
  const startClock = (): void => {
    inTime = settlesWithin(timeoutMs + 1000, failing);
  };
  const failing = failureOf(operate(target, proxy, startClock));
  startClock();
  const { code, message } = await failing;
  proxy.stop();
  await endAll(target);
  return { code, message, isInTime: (await inTime) === true };
}

const moments = ['connected', 'checked', 'created'] as const satisfies readonly OperationStep[];

// All of them at once: they do nothing but wait.
test.each(moments)(
  'the network falls silent in the middle of it (%s): every operation is over within a second of its deadline',
  async (moment) => {
    const names = Object.keys(operations).filter(
      (name) => moment !== 'created' || /recreate|exclusive/.test(name),
    );
    const endings = await Promise.all(
      names.map(async (name) => {
        const second = name === 'swap' ? await scratch.database() : '';
        const { code, isInTime } = await ending(async (target, proxy) => {
          const onStep = (step: OperationStep): void => {
            if (step === moment) proxy.fallSilent();
          };
          return operations[name]?.(target, { timeoutMs, onStep }, second);
        });
        return [name, isInTime, /^(?:TIMEOUT|CONNECTION_FAILED)$/.test(code)];
      }),
    );
    expect(endings).toEqual(names.map((name) => [name, true, true]));
  },
);

const notKnown = expect.stringMatching(/not known whether .*pg_evict_held_/) as unknown;

/** Giving a database back has a deadline of its own. */
const silentOnceHeld =
  (sent: RegExp): Silenced =>
  async (target, proxy, restartClock) =>
    withExclusiveAccess(
      target,
      () => {
        proxy.fallSilentAfter(sent);
        restartClock();
      },
      { timeoutMs },
    );

const others = {
  'while a database is held': silentOnceHeld(/[^]/),
  'while it is given back': silentOnceHeld(/RENAME TO/),
  'listing, from the beginning': async (target, proxy) => {
    proxy.swallow();
    return listSessions(target, { timeoutMs });
  },
  'ending, from the beginning': async (target, proxy) => {
    proxy.swallow();
    return terminateSessions(target, { timeoutMs });
  },
  'dropping, from the beginning': async (target, proxy) => {
    proxy.swallow();
    return dropDatabase(target, { timeoutMs });
  },
} as const satisfies Record<string, Silenced>;

test('a server that falls silent at the beginning, or while a database is held or given back: the same, and the message says that the outcome is unknown', async () => {
  const endings = await Promise.all(
    Object.entries(others).map(async ([name, operate]) => [name, await ending(operate)] as const),
  );
  const held = { code: 'CONNECTION_FAILED', message: notKnown, isInTime: true };
  const unreached = { code: 'TIMEOUT', isInTime: true };
  expect(Object.fromEntries(endings)).toMatchObject({
    'while a database is held': held,
    'while it is given back': held,
    'listing, from the beginning': unreached,
    'ending, from the beginning': unreached,
    'dropping, from the beginning': unreached,
  });
});
