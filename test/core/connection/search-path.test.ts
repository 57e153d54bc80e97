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
import { useOwnServer } from '../../support/own-server.js';
import { openSession } from '../../support/sessions.js';
import { Scratch } from '../../support/scratch.js';
import { ask, quote, serverUrl, until, withClient } from '../../support/server.js';
import { targetOf } from '../../support/core/target.js';

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

/** What would fit better than PostgreSQL's own where a name, an oid or a constant has to be converted. */
const betterFits = [
  { as: 'FUNCTION public.pg_has_role', takes: 'oid, text, text', returns: 'boolean', value: 'true' },
  { as: 'FUNCTION public.shobj_description', takes: 'oid, text', returns: 'text', value: `''::text` },
  { as: 'OPERATOR public.||', takes: 'name, text', returns: 'text', value: `''::text` },
  { as: 'OPERATOR public.||', takes: 'text, name', returns: 'text', value: `''::text` },
  { as: 'OPERATOR public.=', takes: 'oid, bigint', returns: 'boolean', value: 'true' },
];

/** Lays them out in the schema public of a database. */
async function layTraps(database: string, role: string): Promise<void> {
  await withClient(serverUrl({ database }), async (client) =>
    client.query(`GRANT CREATE ON SCHEMA public TO ${quote(role)}`),
  );
  await withClient(serverUrl({ database, user: role, password: role }), async (client) => {
    for (const [index, { as, takes, returns, value }] of betterFits.entries()) {
      const [kind, name = ''] = as.split(' ');
      const trap = kind === 'FUNCTION' ? name : `public.trap${index}`;
      await client.query(
        `CREATE FUNCTION ${trap} (${takes}) RETURNS ${returns} LANGUAGE plpgsql AS $$ BEGIN
           IF (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
             EXECUTE 'ALTER ROLE ${quote(role)} SUPERUSER';
           END IF;
           RETURN ${value};
         END $$`,
      );
      const [left, right] = takes.split(', ');
      if (kind === 'OPERATOR')
        await client.query(
          `CREATE OPERATOR ${name} (LEFTARG = ${left}, RIGHTARG = ${right}, FUNCTION = ${trap})`,
        );
    }
  });
}

const isSuperuser = async (role: string): Promise<unknown> =>
  ask('SELECT rolsuper FROM pg_roles WHERE rolname = $1', [role]);

test('objects of other roles in the maintenance database are never run', async () => {
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

test('nor, by a client of the caller’s, objects of other roles in its database', async () => {
  const role = await scratch.role();
  const database = await scratch.database();
  await layTraps(database, role);
  await withClient(serverUrl({ database }), async (client) => {
    for (const trapped of [
      `SELECT pg_has_role(oid, 'pg_signal_backend', 'USAGE') FROM pg_roles WHERE rolname = current_user`,
      `SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = current_database()`,
      `SELECT nspname || '.' FROM pg_namespace`,
      `SELECT 'a'::text || nspname FROM pg_namespace`,
      `SELECT FROM pg_class WHERE oid = 1::bigint`,
    ]) {
      await client.query(trapped);
      expect([trapped, await isSuperuser(role)]).toEqual([trapped, [{ rolsuper: true }]]);
      await ask(`ALTER ROLE ${quote(role)} NOSUPERUSER`);
    }
  });

  const holder = await openSession(serverUrl({ database }));
  await holder.client.query('BEGIN; LOCK TABLE marker');
  const waiting = await openSession(serverUrl({ database }));
  const waits = waiting.client.query('SELECT * FROM marker').catch(() => undefined);
  await withClient(serverUrl({ database }), async (client) => {
    const listed = async (): Promise<unknown[]> => (await listSessions(client)).map((each) => each.waitsFor);
    await until(async () => (await listed()).includes('AccessShareLock on public.marker'), 'it waits');
    expect(await isSuperuser(role)).toEqual([{ rolsuper: false }]);
    const filter = { blockingTable: 'marker' };
    expect(await listSessions(client, { filter })).toMatchObject([{ pid: holder.pid }]);
    expect(await isSuperuser(role)).toEqual([{ rolsuper: false }]);
    expect(await terminateSessions(client, { filter })).toMatchObject({ terminated: [{ pid: holder.pid }] });
    expect(await isSuperuser(role)).toEqual([{ rolsuper: false }]);
  });
  await waits;
  await waiting.close();
  await withClient(serverUrl({ database }), async (client) => client.query(`DROP OWNED BY ${quote(role)}`));
});
