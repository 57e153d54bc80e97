import { isDeepStrictEqual } from 'node:util';
import {
  cloneDatabase,
  createDatabase,
  diagnose,
  dropDatabase,
  isPgEvictError,
  recreateDatabase,
  renameDatabase,
  repairDatabase,
  swapDatabase,
  withExclusiveAccess,
  type OperationOptions,
} from '@pg-evict/core';
import { Client } from 'pg';
import { markerOf, privateDatabasesFor, stillAtWork, targetOf, type OwnTarget } from '../core/target.js';
import { ask, serverUrl, uniqueName, until, withClient } from '../server.js';

/** What the databases of a scene may hold after an operation of which nobody knows how far it came. */
type State = Readonly<Record<string, string>>;

/** An operation as a scene knows it. */
interface SceneOperation {
  /** The steps at which its process can be killed. */
  readonly steps: readonly string[];
  /** What the child process runs: the parameters after the target. */
  readonly values: (scene: Scene) => unknown[];
  readonly run: (scene: Scene, target: OwnTarget, options: OperationOptions) => Promise<unknown>;
  /** The states it may leave: before, or after. Names that are missing do not exist. */
  readonly states: (scene: Scene) => State[];
}

/** No table `marker`: a database made anew. */
const empty = 'empty';
const halfDropped = 'half dropped';

export const operations = {
  recreateDatabase: {
    steps: ['connected', 'checked', 'created', 'settings-applied', 'swapped', 'dropped'],
    values: () => [],
    run: async (_, target, options) => recreateDatabase(target, options),
    states: ({ database, second }) => [
      { [database]: 'old', [second]: 'old' },
      { [database]: empty, [second]: 'old' },
    ],
  },
  dropDatabase: {
    steps: ['connected', 'checked', 'dropped'],
    values: () => [],
    run: async (_, target, options) => dropDatabase(target, options),
    // A crash in the middle of DROP DATABASE leaves it invalid: PostgreSQL lets it only be dropped again.
    states: ({ database, second }) => [
      { [database]: 'old', [second]: 'old' },
      { [database]: halfDropped, [second]: 'old' },
      { [second]: 'old' },
    ],
  },
  renameDatabase: {
    steps: ['connected', 'checked', 'renamed'],
    values: ({ other }) => [other],
    run: async ({ other }, target, options) => renameDatabase(target, other, options),
    states: ({ database, second, other }) => [
      { [database]: 'old', [second]: 'old' },
      { [other]: 'old', [second]: 'old' },
    ],
  },
  cloneDatabase: {
    steps: ['connected', 'checked', 'created', 'settings-applied'],
    values: ({ other }) => [other, { keepSettings: true }],
    run: async ({ other }, target, options) =>
      cloneDatabase(target, other, { ...options, keepSettings: true }),
    states: ({ database, second, other }) => [
      { [database]: 'old', [second]: 'old' },
      { [database]: 'old', [second]: 'old', [other]: 'old' },
    ],
  },
  swapDatabase: {
    steps: ['connected', 'checked', 'swapped'],
    values: ({ second }) => [second],
    run: async ({ second }, target, options) => swapDatabase(target, second, options),
    states: ({ database, second }) => [{ [database]: 'old', [second]: 'old' }],
  },
  createDatabase: {
    steps: ['connected', 'checked', 'created'],
    values: ({ second }) => [{ template: second, ifNotExists: true }],
    run: async ({ second }, target, options) =>
      createDatabase(target, { ...options, template: second, ifNotExists: true }),
    states: ({ database, second }) => [{ [database]: 'old', [second]: 'old' }],
  },
  withExclusiveAccess: {
    steps: ['connected', 'checked', 'created', 'swapped', 'inside', 'returned'],
    values: () => [],
    run: async (_, target, options) =>
      withExclusiveAccess(
        target,
        async ({ connection }) => {
          // Nobody bounds what a caller does, and its connection may fall silent, too.
          const bounds = { connectionTimeoutMillis: 10_000, query_timeout: 10_000 };
          const client = new Client({ ...connection, ...bounds });
          client.on('error', () => undefined);
          await client.connect();
          try {
            await client.query(`UPDATE marker SET content = 'new'`);
          } finally {
            await client.end();
          }
        },
        options,
      ),
    states: ({ database, second }) => [
      { [database]: 'old', [second]: 'old' },
      { [database]: 'new', [second]: 'old' },
    ],
  },
} satisfies Record<string, SceneOperation>;

export type OperationName = keyof typeof operations;
export const operationNames = Object.keys(operations) as OperationName[];

/** Two databases with content and with sessions, on which one operation meets one fault. */
export class Scene {
  readonly database = uniqueName('fault');
  readonly second = `${this.database}_second`;
  readonly other = `${this.database}_other`;
  readonly target = targetOf(this.database);
  readonly #clients: Client[] = [];

  static async open(): Promise<Scene> {
    const scene = new Scene();
    for (const database of [scene.database, scene.second]) {
      await ask(`CREATE DATABASE "${database}"`);
      await withClient(serverUrl({ database }), async (client) =>
        client.query(`CREATE TABLE marker AS SELECT 'old' AS content`),
      );
      for (let count = 0; count < 3; count += 1) {
        const client = new Client({ connectionString: serverUrl({ database }) });
        client.on('error', () => undefined);
        await client.connect();
        scene.#clients.push(client);
      }
    }
    return scene;
  }

  /** Runs an operation here; what it fails with must be ours, whatever happened to it. */
  async run(name: OperationName, target = this.target, timeoutMs = 20_000): Promise<void> {
    const operation: SceneOperation = operations[name];
    await operation.run(this, target, { timeoutMs }).catch((error: unknown) => {
      if (!isPgEvictError(error) && name !== 'withExclusiveAccess') throw error;
    });
  }

  /**
   * Waits until the server has finished what it was told, then runs one more operation and checks that every database
   * is there with what it may hold, and nothing else.
   */
  async verify(name: OperationName, repairBy: 'repair' | 'recreate'): Promise<void> {
    await until(async () => (await stillAtWork(this.target)).length === 0, 'the server is through with it');
    const allowed = operations[name].states(this);
    const before = await this.#names();
    if (!allowed.some((state) => Object.keys(state).every((database) => before.includes(database)))) {
      throw new Error(`names missing: there are only ${before.join(', ')}`);
    }
    if (repairBy === 'recreate' && before.includes(this.database)) {
      const report = await recreateDatabase(this.target, { timeoutMs: 20_000 });
      if (report.leftovers.length > 0) throw new Error(`left over: ${JSON.stringify(report.leftovers)}`);
    } else {
      const report = await repairDatabase(this.target, { timeoutMs: 20_000 });
      if (report.leftovers.length > 0) throw new Error(`left over: ${JSON.stringify(report.leftovers)}`);
    }
    const after = await this.#state();
    const expected = allowed.map((state) =>
      repairBy === 'recreate' && before.includes(this.database)
        ? { ...state, [this.database]: empty }
        : state,
    );
    if (!expected.some((state) => isDeepStrictEqual(state, after))) {
      throw new Error(`found ${JSON.stringify(after)}, not one of ${JSON.stringify(expected)}`);
    }
    if (after[this.database] === halfDropped) {
      const { standing } = await diagnose(this.target);
      if (standing.some(({ kind }) => kind !== 'invalid-database')) throw new Error(JSON.stringify(standing));
      await dropDatabase(this.target);
    }
    const aside = await privateDatabasesFor(this.database);
    if (aside.length > 0) throw new Error(`left aside: ${aside.join(', ')}`);
  }

  async close(): Promise<void> {
    await Promise.all(this.#clients.map(async (client) => client.end().catch(() => undefined)));
    for (const name of await this.#names()) await ask(`DROP DATABASE "${name}" WITH (FORCE)`);
  }

  async #names(): Promise<string[]> {
    const rows = await ask<{ datname: string }>(
      `SELECT datname FROM pg_database WHERE starts_with(datname, $1) ORDER BY 1`,
      [this.database],
    );
    return rows.map(({ datname }) => datname);
  }

  /** What can be connected to, with its content. A fence or placeholder refuses the connection, which throws. */
  async #state(): Promise<State> {
    const invalid = await ask<{ datname: string }>('SELECT datname FROM pg_database WHERE datconnlimit = -2');
    const contents = (await this.#names()).map(async (database) => {
      const isInvalid = invalid.some(({ datname }) => datname === database);
      return [database, isInvalid ? halfDropped : ((await markerOf(database)) ?? empty)] as const;
    });
    return Object.fromEntries(await Promise.all(contents));
  }
}
