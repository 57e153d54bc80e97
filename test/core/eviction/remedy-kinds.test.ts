import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import {
  cloneDatabase,
  createDatabase,
  dropDatabase,
  protectDatabase,
  recreateDatabase,
  renameDatabase,
  type Target,
  terminateSessions,
  undoDatabase,
  unprotectDatabase,
  withExclusiveAccess,
} from '@pg-evict/core';
import { failureOf } from '../../support/core/failure.js';
import { targetOf } from '../../support/core/target.js';
import { describeWithPgbouncer, type Pgbouncer, startPgbouncer } from '../../support/pgbouncer.js';
import { consume, createSlot } from '../../support/replication.js';
import { Scratch } from '../../support/scratch.js';
import { ask, quote, serverMajor, serverUrl, uniqueName, withClient } from '../../support/server.js';
import { useSessions } from '../../support/sessions.js';

const scratch = new Scratch();
const poolers: Pgbouncer[] = [];
afterAll(async () => {
  await Promise.all(poolers.map(async (pooler) => pooler.stop()));
  await scratch.cleanUp();
});
const sessionOn = useSessions();

/** A situation in which an operation fails, and is tried again once the remedy was applied. */
interface Situation {
  readonly attempt: (options?: object) => Promise<unknown>;
  /** What the words ask for that is neither SQL nor an option; said by the test, as the words are for people. */
  readonly byHand?: () => Promise<unknown>;
  /** What the remedy gives instead of trying again. */
  readonly again?: () => Promise<unknown>;
}

const rolled = async (database: string): Promise<void> => {
  await withClient(serverUrl({ database }), async (client) => {
    await client.query(`BEGIN; SELECT txid_current(); PREPARE TRANSACTION '${database}'`);
  });
};
const dropping =
  (target: Target) =>
  async (options = {}): Promise<unknown> =>
    dropDatabase(target, options);

/** By the kind of remedy; a kind that is missing here fails the test below. */
const situations: Record<string, (() => Promise<Situation | undefined>)[]> = {
  'roll-back-prepared': [
    async () => {
      const database = await scratch.database();
      await rolled(database);
      return { attempt: dropping(targetOf(database)) };
    },
  ],
  'drop-slot': [
    async () => {
      const database = await scratch.database();
      const slot = await createSlot(serverUrl({ database }));
      const consumer = await consume(serverUrl({ database }), slot);
      return { attempt: dropping(targetOf(database)), byHand: async () => consumer.close() };
    },
  ],
  // The publisher of neither answers.
  'drop-subscription': ['slot_name = NONE', "slot_name = 'kept'"].map((slot) => async () => {
    const database = await scratch.database();
    await withClient(serverUrl({ database }), async (client) =>
      client.query(
        `CREATE SUBSCRIPTION ${quote(database)} CONNECTION 'host=127.0.0.1 port=1 dbname=nowhere' PUBLICATION p
         WITH (connect = false, ${slot})`,
      ),
    );
    return { attempt: dropping(targetOf(database)) };
  }),
  'unset-template': [
    async () => ({
      attempt: dropping(targetOf(await scratch.database(uniqueName('db'), 'IS_TEMPLATE true'))),
    }),
  ],
  'drop-invalid': [
    async () => {
      const database = await scratch.database();
      await ask('UPDATE pg_database SET datconnlimit = -2 WHERE datname = $1', [database]);
      return {
        attempt: async () => cloneDatabase(targetOf(database), scratch.newName()),
        again: async () => createDatabase(targetOf(database)),
      };
    },
  ],
  'refresh-collation': [
    async () => {
      if (serverMajor < 15) return undefined;
      const database = await scratch.database(
        undefined,
        `TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'en'`,
      );
      await ask(`UPDATE pg_database SET datcollversion = '0.0' WHERE datname = $1`, [database]);
      return { attempt: async () => cloneDatabase(targetOf(database), scratch.newName()) };
    },
  ],
  'end-lock-holder': [
    async () => {
      const database = await scratch.database();
      const holder = await sessionOn();
      await holder.client.query(`BEGIN; GRANT CONNECT ON DATABASE ${quote(database)} TO PUBLIC`);
      const to = scratch.newName();
      return { attempt: async () => renameDatabase(targetOf(database), to, { timeoutMs: 4000 }) };
    },
  ],
  'grant-role': [
    async () => {
      const [owner, role] = [await scratch.role(), await scratch.role('CREATEDB NOINHERIT')];
      const database = await scratch.database(undefined, `OWNER ${quote(owner)}`);
      await ask(`GRANT ${quote(owner)} TO ${quote(role)}`);
      return { attempt: dropping(targetOf(database, role)) };
    },
  ],
  'take-ownership': [
    async () => ({
      attempt: dropping(targetOf(await scratch.database(), await scratch.role('CREATEDB'))),
    }),
  ],
  'allow-createdb': [
    async () => {
      const role = await scratch.role();
      const database = await scratch.database(undefined, `OWNER ${quote(role)}`);
      return { attempt: async () => recreateDatabase(targetOf(database, role)) };
    },
  ],
  'allow-signal': [
    async () => {
      const [role, other] = [await scratch.role(), await scratch.role()];
      const database = await scratch.database(undefined, `OWNER ${quote(role)}`);
      await sessionOn(database, { user: other });
      return { attempt: dropping(targetOf(database, role)) };
    },
  ],
  'be-superuser': [
    async () => {
      const role = await scratch.role();
      const database = await scratch.database(undefined, `OWNER ${quote(role)}`);
      await sessionOn(database);
      return {
        attempt: dropping(targetOf(database, role)),
        byHand: async () => terminateSessions(targetOf(database)),
      };
    },
  ],
  'keep-for-undo': [
    async () => {
      const target = targetOf(await scratch.database());
      return {
        attempt: async () => undoDatabase(target),
        byHand: async () => recreateDatabase(target, { undoMs: 60_000 }),
      };
    },
  ],
  'drop-for-good': [
    async () => {
      const database = await scratch.database();
      await createSlot(serverUrl({ database }));
      return {
        attempt: async () => dropDatabase(targetOf(database), { undoMs: 60_000 }),
        byHand: async () => Promise.resolve(),
        again: dropping(targetOf(database)),
      };
    },
  ],
  'allow-missing': [
    async () => {
      const target = targetOf(scratch.newName());
      return Promise.resolve({ attempt: async (options = {}) => recreateDatabase(target, options) });
    },
  ],
  'allow-existing': [
    async () => {
      const target = targetOf(await scratch.database());
      return { attempt: async (options = {}) => createDatabase(target, options) };
    },
  ],
  'other-maintenance-database': ['the same', uniqueName('missing')].map((named) => async () => {
    const target = targetOf(await scratch.database());
    const maintenanceDatabase = named === 'the same' ? target.database : named;
    return {
      attempt: dropping({ ...target, maintenanceDatabase }),
      byHand: async () => Promise.resolve(),
      again: dropping({ ...target, maintenanceDatabase: 'postgres' }),
    };
  }),
  'name-behind-pooler': [
    async () => {
      if (describeWithPgbouncer !== describe) return undefined;
      const [target, alias] = [targetOf(await scratch.database()), uniqueName('alias')];
      const pgbouncer = await startPgbouncer('session', { [alias]: `dbname=${target.database}` });
      poolers.push(pgbouncer);
      const poolersOf = { poolers: [{ url: pgbouncer.consoleUrl() }] };
      return {
        attempt: dropping({ ...target, ...poolersOf, database: alias }),
        byHand: async () => Promise.resolve(),
        again: dropping({ ...target, ...poolersOf }),
      };
    },
  ],
  'allow-time': [
    async () => {
      const target = targetOf(await scratch.database());
      return {
        attempt: async () => dropDatabase(target, { timeoutMs: 1 }),
        byHand: async () => Promise.resolve(),
        again: async () => dropDatabase(target, { timeoutMs: 25_000 }),
      };
    },
  ],
  'await-release': [
    async () => {
      const target = targetOf(await scratch.database());
      let release = (): void => undefined;
      const released = new Promise<void>((done) => (release = done));
      let holding: Promise<unknown> = Promise.resolve();
      await new Promise<void>((held) => {
        holding = withExclusiveAccess(target, async () => {
          held();
          await released;
        });
      });
      return {
        attempt: dropping(target),
        byHand: async () => {
          release();
          await holding;
        },
      };
    },
  ],
  unprotect: [
    async () => {
      const target = targetOf(await scratch.database());
      await protectDatabase(target, 'ours');
      return { attempt: dropping(target), byHand: async () => unprotectDatabase(target) };
    },
  ],
  advice: [
    async () => {
      const target = targetOf(await scratch.database());
      const session = await sessionOn(target.database, { application: 'kept' });
      return {
        attempt: async () => dropDatabase(target, { keep: [{ application: 'kept' }], timeoutMs: 4000 }),
        byHand: async () => session.close(),
      };
    },
  ],
};

/** The kinds there are. */
const kinds = new Set(
  [
    ...readFileSync(resolve(__dirname, '../../../packages/core/src/contract/remedy.ts'), 'utf8').matchAll(
      /readonly kind: '([a-z-]+)'/g,
    ),
  ].map(([, kind = '']) => kind),
);

test('every kind of remedy has a situation that tests it', () => {
  expect(kinds.size).toBeGreaterThan(15);
  expect(new Set(Object.keys(situations))).toEqual(kinds);
});

const remedies = Symbol.for('pg-evict.remedies');
type Remedied = Record<symbol, readonly { readonly kind: string }[] | undefined>;

/** Runs the SQL of a remedy, to the letter, where it says. */
async function runSql(text: string): Promise<boolean> {
  const statements = text.match(/\b(?:ALTER|DROP|GRANT|REINDEX|ROLLBACK|SELECT) [^;]+;/g) ?? [];
  const database = /In database "([^"]+)"/.exec(text)?.[1];
  await withClient(serverUrl(database === undefined ? {} : { database }), async (client) => {
    for (const sql of statements) await client.query(sql);
  });
  return statements.length > 0;
}

const all = Object.entries(situations).flatMap(([kind, list]) =>
  list.map((prepare, index) => ({ kind, index, prepare })),
);

/** The failure of a situation, with what would help. */
async function failed({ attempt }: Situation, kind: string): Promise<string> {
  const error = await failureOf(attempt());
  const found = [error, ...error.blockers].flatMap((each) => (each as unknown as Remedied)[remedies] ?? []);
  expect(found.map((remedy) => remedy.kind)).toContain(kind);
  return error.hint ?? '';
}

test.each(all)('the remedy in the message works as printed: $kind $index', async ({ kind, prepare }) => {
  const situation = await prepare();
  if (situation === undefined) return;
  const hint = await failed(situation, kind);
  const options = Object.fromEntries([...hint.matchAll(/(\w+): true/g)].map(([, option]) => [option, true]));
  await situation.byHand?.();
  const hasSql = await runSql(hint);
  expect(hasSql || situation.byHand !== undefined || Object.keys(options).length > 0).toBe(true);
  const again = situation.again ?? situation.attempt;
  // By SQL first; where there is none, by the option.
  await expect(again(hasSql ? {} : options)).resolves.toBeDefined();
});

test.each(all.filter(({ kind }) => /^(?:roll|drop-s|unset)/.test(kind)))(
  'so does the option that is named beside it: $kind $index',
  async ({ kind, prepare }) => {
    const situation = await prepare();
    if (situation === undefined) return;
    const hint = await failed(situation, kind);
    const [, option = ''] = /or use (\w+): true/.exec(hint) ?? [];
    expect(option).not.toBe('');
    expect(await situation.attempt({ [option]: true })).toMatchObject({ changed: true, removed: [{}] });
  },
);
