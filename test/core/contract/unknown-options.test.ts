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
  type Target,
} from '@pg-evict/core';
import { Scratch } from '../../support/scratch.js';
import { ask, serverUrl, withClient } from '../../support/server.js';

/** As from plain JavaScript, which no compiler reads. */
const misspelt = { dryrun: true } as object;

const operations: Record<string, (target: Target) => Promise<unknown>> = {
  dropDatabase: async (target) => dropDatabase(target, misspelt),
  createDatabase: async (target) => createDatabase(target, misspelt),
  recreateDatabase: async (target) => recreateDatabase(target, misspelt),
  renameDatabase: async (target) => renameDatabase(target, 'other', misspelt),
  cloneDatabase: async (target) => cloneDatabase(target, 'other', misspelt),
  swapDatabase: async (target) => swapDatabase(target, 'other', misspelt),
  withExclusiveAccess: async (target) => withExclusiveAccess(target, () => undefined, misspelt),
  terminateSessions: async (target) => terminateSessions(target, misspelt),
  listSessions: async (target) => listSessions(target, misspelt),
};

describe('an option that there is not', () => {
  const scratch = new Scratch();
  afterAll(async () => scratch.cleanUp());

  /** What a database was, and what became of it and of a session on it. */
  async function outcomeOf(run: (target: Target) => Promise<unknown>): Promise<object> {
    const database = await scratch.database();
    const oid = async (): Promise<object[]> =>
      ask('SELECT oid FROM pg_database WHERE datname = $1', [database]);
    const before = await oid();
    return withClient(serverUrl({ database }), async (client) => {
      const error: unknown = await run({ connection: serverUrl(), database }).catch(
        (reason: unknown) => reason,
      );
      const { rows: session } = await client.query('SELECT 1 AS answers');
      const { code, message } = error as { readonly code?: unknown; readonly message?: unknown };
      return { code, message, session, isSame: JSON.stringify(await oid()) === JSON.stringify(before) };
    });
  }

  const refused = (message: string): object => ({
    code: 'CONFIG_INVALID',
    message: expect.stringContaining(message) as unknown,
    session: [{ answers: 1 }],
    isSame: true,
  });

  it.each(Object.entries(operations))('is refused by %s, and no session is terminated', async (name, run) => {
    expect(await outcomeOf(run)).toEqual(refused(`${name} has no option "dryrun"`));
  });

  it.each([terminateSessions, listSessions])(
    'is refused in a filter, which would pick everybody',
    async (end) => {
      const filter = { username: 'nobody' } as object;
      expect(await outcomeOf(async (target) => end(target, { filter }))).toEqual(
        refused('A filter of sessions has no option "username"'),
      );
    },
  );
});
