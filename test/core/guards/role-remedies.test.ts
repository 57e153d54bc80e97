import {
  createDatabase,
  describeDatabase,
  dropDatabase,
  examineConnection,
  recreateDatabase,
  renameDatabase,
  terminateSessions,
} from '@pg-evict/core';
import { failureOf } from '../../support/core/failure.js';
import { targetOf } from '../../support/core/target.js';
import { Scratch } from '../../support/scratch.js';
import { ask, quote, serverUrl, uniqueName } from '../../support/server.js';
import { openSession } from '../../support/sessions.js';

const scratch = new Scratch();
afterAll(async () => scratch.cleanUp());

const version = async (): Promise<number> =>
  Number((await ask<{ v: string }>(`SELECT current_setting('server_version_num') AS v`))[0]?.v);

/** How a role may stand to another, by the version from which that can be said. */
const standings: Record<string, { from: number; role: string; grant?: (of: string, to: string) => string }> =
  {
    'no member': { from: 0, role: '' },
    'no member, NOINHERIT': { from: 0, role: 'NOINHERIT' },
    'a member that is NOINHERIT': { from: 0, role: 'NOINHERIT', grant: (of, to) => `GRANT ${of} TO ${to}` },
    'a member WITH INHERIT FALSE': {
      from: 160_000,
      role: '',
      grant: (of, to) => `GRANT ${of} TO ${to} WITH INHERIT FALSE, SET TRUE`,
    },
    'a member WITH INHERIT FALSE, SET FALSE': {
      from: 160_000,
      role: '',
      grant: (of, to) => `GRANT ${of} TO ${to} WITH INHERIT FALSE, SET FALSE`,
    },
    'a member with ADMIN alone': {
      from: 160_000,
      role: '',
      grant: (of, to) => `GRANT ${of} TO ${to} WITH ADMIN TRUE, INHERIT FALSE, SET FALSE`,
    },
    'a member WITH SET FALSE': {
      from: 160_000,
      role: '',
      grant: (of, to) => `GRANT ${of} TO ${to} WITH SET FALSE`,
    },
  };

async function standing(name: string, of: string): Promise<string | undefined> {
  const { from, grant, role: options } = standings[name] ?? { from: 0, role: '' };
  if ((await version()) < from) return undefined;
  const role = await scratch.role(`CREATEDB ${options}`);
  if (grant !== undefined) await ask(grant(quote(of), quote(role)));
  return role;
}

/** Runs what a hint says, to the letter. */
async function apply(hint: string | null): Promise<void> {
  expect(hint).toMatch(/^(?:ALTER|GRANT) .*;$/);
  await ask(hint ?? '');
}

/** Applies what a denial says would help, and looks whether it says what is the case. */
async function denied(operating: Promise<unknown>, remedy: string, isMember: boolean): Promise<void> {
  const error = await failureOf(operating);
  expect(error).toMatchObject({ code: 'PERMISSION_DENIED', hint: remedy });
  expect(error.message.includes('is not a member')).toBe(!isMember);
  await apply(error.hint);
}

const names = Object.keys(standings);

test.each(names)(
  'after what is said to be granted, the database of another is worked on: %s',
  async (name) => {
    const owner = await scratch.role();
    const role = await standing(name, owner);
    if (role === undefined) return;
    for (const operate of [dropDatabase, recreateDatabase]) {
      const database = await scratch.database(uniqueName('db'), `OWNER ${quote(owner)}`);
      const target = targetOf(database, role);
      const { ownershipRemedy } = await describeDatabase(target);
      if (ownershipRemedy !== null)
        await denied(operate(target), ownershipRemedy, name.startsWith('a member'));
      expect(await operate(target)).toMatchObject({ changed: true });
    }
  },
);

test.each(names)('and a new database is given to another: %s', async (name) => {
  const owner = await scratch.role();
  const role = await standing(name, owner);
  if (role === undefined) return;
  const target = targetOf(scratch.newName(), role);
  const first = await createDatabase(target, { owner }).catch((error: unknown) => error);
  if (first instanceof Error) await apply((first as Error & { hint: string | null }).hint);
  const options = { owner, ifNotExists: true };
  expect(await createDatabase(target, options)).toMatchObject({ changed: first instanceof Error });
});

test.each(names)('and sessions of others are terminated (pg_signal_backend): %s', async (name) => {
  const role = await standing(name, 'pg_signal_backend');
  if (role === undefined) return;
  const other = await scratch.role();
  const database = await scratch.database(uniqueName('db'), `OWNER ${quote(role)}`);
  const target = targetOf(database, role);
  const session = await openSession(serverUrl({ database, user: other, password: other }));
  const first = await terminateSessions(target);
  for (const { remedy } of first.denied) await apply(remedy);
  const second = await terminateSessions(target);
  const ended = [...first.terminated, ...second.terminated].map(({ pid }) => pid);
  expect(ended).toEqual([session.pid]);
  await session.close();
});

test.each(names)(
  'and the privileges that doctor prints as missing are there afterwards: %s',
  async (name) => {
    const role = await standing(name, 'pg_signal_backend');
    if (role === undefined) return;
    const grant = standings[name]?.grant;
    if (grant !== undefined) await ask(grant('pg_read_all_stats', quote(role)));
    const target = targetOf('postgres', role);
    const examined = await examineConnection({ connection: target.connection });
    for (const statement of Object.values(examined.grants)) if (statement !== null) await apply(statement);
    expect(await examineConnection({ connection: target.connection })).toMatchObject({
      signalBackend: true,
      readAllStats: true,
      grants: { signalBackend: null, readAllStats: null },
    });
  },
);

test('and creating and renaming need CREATEDB', async () => {
  const role = await scratch.role();
  const database = await scratch.database(uniqueName('db'), `OWNER ${quote(role)}`);
  const { hint } = await failureOf(renameDatabase(targetOf(database, role), scratch.newName()));
  await apply(hint);
  expect(await recreateDatabase(targetOf(database, role))).toMatchObject({ changed: true });
});

test('a database of a superuser is given to the role', async () => {
  const role = await scratch.role('CREATEDB');
  const database = await scratch.database();
  const { hint } = await failureOf(dropDatabase(targetOf(database, role)));
  await apply(hint);
  expect(await dropDatabase(targetOf(database, role))).toMatchObject({ changed: true });
});
