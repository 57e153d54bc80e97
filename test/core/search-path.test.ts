import {
  createDatabase,
  describeDatabase,
  diagnose,
  dropDatabase,
  examineConnection,
  findLeftovers,
  listSessions,
  protectDatabase,
  recreateDatabase,
  terminateSessions,
  unprotectDatabase,
  withExclusiveAccess,
  type Target,
} from '@pg-evict/core';
import { useOwnServer } from '../support/own-server.js';
import { openSession } from '../support/sessions.js';
import { Scratch } from '../support/scratch.js';
import { ask, quote, serverUrl, withClient } from '../support/server.js';
import { targetOf } from './support/target.js';

const scratch = new Scratch();
const owners: string[] = [];
afterAll(async () => {
  for (const role of owners) await ask(`DROP OWNED BY ${quote(role)}`);
  await scratch.cleanUp();
});
useOwnServer();

/**
 * Makes a role that may create in the schema public of the maintenance database, as everybody may up to 14, and has it
 * lay out operators that fit better than PostgreSQL's own: what runs them makes the role a superuser.
 */
async function layTrap(): Promise<string> {
  const role = await scratch.role();
  owners.push(role);
  await ask(`GRANT CREATE ON SCHEMA public TO ${quote(role)}`);
  await withClient(serverUrl({ user: role, password: role }), async (client) => {
    for (const type of ['numeric', 'float8']) {
      await client.query(
        `CREATE FUNCTION public.trap(a ${type}, b int) RETURNS ${type} LANGUAGE plpgsql AS $$ BEGIN
           IF (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
             EXECUTE 'ALTER ROLE ${quote(role)} SUPERUSER';
           END IF;
           RETURN a OPERATOR(pg_catalog.*) b::${type};
         END $$`,
      );
      await client.query(
        `CREATE OPERATOR public.* (LEFTARG = ${type}, RIGHTARG = int, FUNCTION = public.trap)`,
      );
    }
  });
  return role;
}

const isSuperuser = async (role: string): Promise<unknown> =>
  ask('SELECT rolsuper FROM pg_roles WHERE rolname = $1', [role]);

test('what others have laid out in the maintenance database is not run by us', async () => {
  const role = await layTrap();
  // The trap works: a statement like ours, with a path that leads into it, runs it.
  await ask('SELECT extract(epoch FROM now()) * 1000000');
  expect(await isSuperuser(role)).toEqual([{ rolsuper: true }]);
  await ask(`ALTER ROLE ${quote(role)} NOSUPERUSER`);

  const database = await scratch.database();
  const calls: Record<string, (target: Target) => Promise<unknown>> = {
    listSessions: async (target) => listSessions(target, { filter: { olderThanMs: 0 } }),
    diagnose: async (target) => diagnose(target),
    describeDatabase: async (target) => describeDatabase(target),
    examineConnection: async (target) => examineConnection(target),
    findLeftovers: async (target) => findLeftovers(target),
    protect: async (target) => protectDatabase(target),
    unprotect: async (target) => unprotectDatabase(target),
    terminate: async (target) => terminateSessions(target, { filter: { olderThanMs: 0 } }),
    'listSessions, by a client': async () =>
      withClient(serverUrl(), async (client) =>
        listSessions(client, { database, filter: { olderThanMs: 0 } }),
      ),
    'terminate, by a client': async () =>
      withClient(serverUrl(), async (client) =>
        terminateSessions(client, { database, filter: { olderThanMs: 0, queryLongerThanMs: 1 } }),
      ),
    recreate: async (target) => recreateDatabase(target, { graceMs: 1 }),
    'exclusive access': async (target) => withExclusiveAccess(target, () => undefined),
    drop: async (target) => dropDatabase(target),
    create: async (target) => createDatabase(target),
  };
  for (const [name, call] of Object.entries(calls)) {
    const session = name === 'create' ? undefined : await openSession(serverUrl({ database }));
    await call(targetOf(database));
    await session?.close();
    expect([name, await isSuperuser(role)]).toEqual([name, [{ rolsuper: false }]]);
  }
});
