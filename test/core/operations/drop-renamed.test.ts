import { createHash } from 'node:crypto';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { Worker } from 'node:worker_threads';
import { createDatabase, dropDatabase, findLeftovers, protectDatabase, repairDatabase } from '@pg-evict/core';
import { failureOf } from '../../support/core/failure.js';
import { alive, markerOf, privateDatabasesFor, targetOf } from '../../support/core/target.js';
import { Scratch } from '../../support/scratch.js';
import { ask, databaseExists, quote, serverUrl, until, withClient } from '../../support/server.js';
import { useSessions } from '../../support/sessions.js';

const scratch = new Scratch();
afterAll(async () => scratch.cleanUp());
const sessionOn = useSessions();

/** Puts labels on, one after the other, while this thread stands still, and says whether they are there then. */
const labelScript = `
const { parentPort, workerData } = require('node:worker_threads');
const { Client } = require('pg');
const client = new Client({ connectionString: workerData.url });
const connected = client.connect().then(() => client.query("SET lock_timeout = '1s'"));
parentPort.on('message', async (database) => {
  await connected;
  await client.query('COMMENT ON DATABASE "' + database + '" IS $$[pg-evict: protected: in time]$$').catch(() => undefined);
  const { rows } = await client.query('SELECT FROM pg_database WHERE datname = $1', [database]);
  const state = new Int32Array(workerData.shared);
  Atomics.store(state, 0, rows.length > 0 ? 1 : 2);
  Atomics.notify(state, 0);
});`;

class Labeller {
  readonly #shared = new SharedArrayBuffer(4);
  readonly #worker = new Worker(labelScript, {
    eval: true,
    workerData: { url: serverUrl(), shared: this.#shared },
  });

  label(database: string): string {
    const state = new Int32Array(this.#shared);
    Atomics.store(state, 0, 0);
    this.#worker.postMessage(database, []);
    Atomics.wait(state, 0, 0, 10_000);
    return ['no answer', 'labelled', 'no such database'][Atomics.load(state, 0)] ?? '';
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }
}

/** Has the operation of this process stand still after so many statements, and puts the label on meanwhile. */
async function dropWithLabelAfter(
  count: number,
  labeller: Labeller,
): Promise<{ label: string; outcome: unknown; database: string }> {
  const database = await scratch.database();
  let [label, seen] = ['', 0];
  const onTrace = (): void => {
    seen += 1;
    if (seen === count) label = labeller.label(database);
  };
  subscribe('pg-evict:trace', onTrace);
  try {
    const outcome = await dropDatabase(targetOf(database)).catch((error: unknown) => error);
    return { label, outcome, database };
  } finally {
    unsubscribe('pg-evict:trace', onTrace);
  }
}

test('a label that is set on a database without sessions is always in time, or finds no such database', async () => {
  const labels: string[] = [];
  const labeller = new Labeller();
  for (let count = 1; ; count += 1) {
    const { database, label, outcome } = await dropWithLabelAfter(count, labeller);
    // That many statements there were not.
    if (label === '') break;
    labels.push(label);
    const isLabelled = label === 'labelled';
    expect(outcome).toMatchObject(isLabelled ? { code: 'PROTECTED', database } : { changed: true });
    expect(await databaseExists(database)).toBe(isLabelled);
    expect(await privateDatabasesFor(database)).toEqual([]);
  }
  await labeller.end();
  expect(new Set(labels)).toEqual(new Set(['labelled', 'no such database']));
  expect(labels.length).toBeGreaterThan(10);
});

test('an operation that uses its old name gets "does not exist", not its new name', async () => {
  const database = await scratch.database();
  const session = await sessionOn(database);
  expect(await dropDatabase(targetOf(database))).toMatchObject({
    database,
    terminated: [{ pid: session.pid }],
  });
  expect(await session.ended).toBe('57P01');
  const error = await withClient(serverUrl({ database }), async () => undefined).catch(
    (cause: unknown) => cause,
  );
  expect(error).toMatchObject({ code: '3D000' });
});

test('a role that may not rename still drops its database', async () => {
  const owner = await scratch.role();
  const database = await scratch.database(undefined, `OWNER ${quote(owner)}`);
  expect(await dropDatabase(targetOf(database, owner))).toMatchObject({ changed: true });
  expect(await databaseExists(database)).toBe(false);
});

/** What stands in the way of DROP, and not of RENAME, and comes after everybody looked. */
const obstacles: Record<string, { put: (database: string) => Promise<unknown>; kind: string }> = {
  'the template flag': {
    put: async (database) => ask(`ALTER DATABASE ${quote(database)} IS_TEMPLATE true`),
    kind: 'marked as a template',
  },
  'a subscription': {
    put: async (database) =>
      withClient(serverUrl({ database }), async (client) =>
        client.query(
          `CREATE SUBSCRIPTION ${quote(database)} CONNECTION 'dbname=nowhere' PUBLICATION p WITH (connect = false)`,
        ),
      ),
    kind: 'subscription',
  },
};

test.each(Object.keys(obstacles))(
  'where the drop itself fails, the database has its name again, and the failure is told of that: %s',
  async (name) => {
    const database = await scratch.database();
    const error = await failureOf(
      dropDatabase(targetOf(database), {
        onStep: async (step) => {
          if (step === 'checked') await obstacles[name]?.put(database);
        },
      }),
    );
    expect(error.database).toBe(database);
    expect(`${error.message} ${JSON.stringify(error.blockers)}`).not.toContain('pg_evict_');
    expect(error.message).toContain(database);
    expect(await markerOf(database)).toBe('old');
    expect(await privateDatabasesFor(database)).toEqual([]);
    // Now it is seen before anything is done, and goes when asked to.
    expect(await failureOf(dropDatabase(targetOf(database)))).toMatchObject({ code: 'BLOCKED' });
    const report = await dropDatabase(targetOf(database), { unsetTemplate: true, dropSubscriptions: true });
    expect(report).toMatchObject({ changed: true });
  },
);

test('protecting a database that is dropped meanwhile says that it does not exist', async () => {
  const database = await scratch.database();
  await withClient(serverUrl(), async (client) => {
    await client.query('BEGIN');
    await client.query(`ALTER DATABASE ${quote(database)} RENAME TO ${quote(scratch.newName())}`);
    const failing = failureOf(protectDatabase(targetOf(database)));
    await until(
      async () =>
        (await ask(`SELECT FROM pg_locks WHERE NOT granted AND mode = 'ShareUpdateExclusiveLock'`)).length >
        0,
      'it waits for the lock',
    );
    await client.query('COMMIT');
    expect(await failing).toMatchObject({ code: 'DATABASE_NOT_FOUND', database });
  });
});

/** A database as a drop leaves it whose process was killed after the rename. */
async function killedDrop(options = ''): Promise<{ database: string; name: string }> {
  const database = await scratch.database(undefined, options);
  const tag = createHash('sha256').update(database).digest('hex').slice(0, 10);
  const name = scratch.forget(`pg_evict_drop_${tag}_999999_abc`);
  await ask(`ALTER DATABASE ${quote(database)} RENAME TO ${quote(name)}`);
  return { database, name };
}

const next: Record<string, (database: string) => Promise<unknown>> = {
  'create of the same name': async (database) => createDatabase(targetOf(database)),
  'drop of the same name': async (database) => dropDatabase(targetOf(database), { ifExists: true }),
  repair: async (database) => repairDatabase(targetOf(database)),
};

test.each(Object.keys(next))(
  'what a killed drop leaves is found as a leftover, and dropped by the next %s, whoever owned it',
  async (how) => {
    const owner = await scratch.role('CREATEDB');
    for (const options of ['', `OWNER ${quote(owner)}`]) {
      const { database, name } = await killedDrop(options);
      expect(await findLeftovers(targetOf('postgres'))).toContainEqual({
        database: name,
        of: null,
        kind: 'worthless',
      });
      await next[how]?.(database);
      expect(await databaseExists(name)).toBe(false);
    }
  },
);

test('one with sessions stays: it is reported if it is ours, and ignored if its owner is unknown', async () => {
  const ours = await killedDrop();
  const theirs = await killedDrop(`OWNER ${quote(await scratch.role('CREATEDB'))}`);
  const sessions = [await sessionOn(ours.name), await sessionOn(theirs.name)];
  expect(await repairDatabase(targetOf(ours.database))).toMatchObject({
    leftovers: [{ database: ours.name, reason: expect.stringContaining('sessions are connected') }],
  });
  expect(await repairDatabase(targetOf(theirs.database))).toMatchObject({ changed: false, leftovers: [] });
  const pids = sessions.map(({ pid }) => pid).toSorted((a, b) => a - b);
  expect(await alive(pids)).toEqual(pids);
});

test('one that a role may not drop is left alone by it', async () => {
  const { database, name } = await killedDrop();
  const other = await scratch.role('CREATEDB');
  expect(await repairDatabase(targetOf(database, other))).toMatchObject({ changed: false, leftovers: [] });
  expect(await databaseExists(name)).toBe(true);
});
