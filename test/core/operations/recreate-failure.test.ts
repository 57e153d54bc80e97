import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { recreateDatabase } from '@pg-evict/core';
import { openSession } from '../../support/sessions.js';
import { Scratch } from '../../support/scratch.js';
import { ask, serverUrl, uniqueName, until } from '../../support/server.js';
import { failureOf } from '../../support/core/failure.js';
import { alive, markerOf, privateDatabasesFor, stillAtWork, targetOf } from '../../support/core/target.js';

const scratch = new Scratch();
afterAll(async () => scratch.cleanUp());

test('a missing template: the old database stays with its content, and its sessions with it', async () => {
  const [database, template] = [await scratch.database(), uniqueName('missing')];
  const session = await openSession(serverUrl({ database }));
  const target = targetOf(database);
  const error = await failureOf(recreateDatabase(target, { template }));
  expect(error).toMatchObject({ code: 'DATABASE_NOT_FOUND', database: template });
  expect(await alive([session.pid])).toEqual([session.pid]);
  expect(await markerOf(database)).toBe('old');
  expect(await privateDatabasesFor(database)).toEqual([]);
  await session.close();
});

test('a template that vanishes between the check and the copy: the old database stays', async () => {
  const [database, template] = [await scratch.database(), await scratch.database()];
  const session = await openSession(serverUrl({ database }));
  const error = await failureOf(
    recreateDatabase(targetOf(database), {
      template,
      onStep: async (step) => {
        if (step === 'checked') await ask(`DROP DATABASE "${template}"`);
      },
    }),
  );
  expect(error).toMatchObject({ code: 'DATABASE_NOT_FOUND', sqlState: '3D000', terminated: [] });
  expect(await alive([session.pid])).toEqual([session.pid]);
  expect(await markerOf(database)).toBe('old');
  expect(await privateDatabasesFor(database)).toEqual([]);
  await session.close();
});

test.each(['created', 'settings-applied'])(
  'the connection is lost after the step "%s": the old database stays, and the next recreate cleans up',
  async (at) => {
    const database = await scratch.database();
    const session = await openSession(serverUrl({ database }));
    const target = targetOf(database);
    const error = await failureOf(
      recreateDatabase(target, {
        onStep: async (step) => {
          if (step !== at) return;
          await ask('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1', [
            target.connection.application_name,
          ]);
          await until(async () => (await stillAtWork(target)).length === 0, 'the connections are lost');
        },
      }),
    );
    expect(error.code).toBe('CONNECTION_FAILED');
    expect(error.message).not.toMatch(/password/i);
    expect(await alive([session.pid])).toEqual([session.pid]);
    expect(await markerOf(database)).toBe('old');
    expect(await recreateDatabase(target)).toMatchObject({ changed: true, leftovers: [] });
    expect(await privateDatabasesFor(database)).toEqual([]);
    await session.close();
  },
);

test.each(['connected', 'checked', 'created', 'settings-applied', 'swapped', 'dropped'])(
  'the process is killed at the step "%s": old or new database is there, and the next recreate leaves nothing aside',
  async (at) => {
    const role = await scratch.role('CREATEDB');
    const database = await scratch.database(uniqueName('db'), `OWNER "${role}"`);
    const session = await openSession(serverUrl({ database, user: role, password: role }));
    const child = spawn(
      process.execPath,
      [
        resolve(__dirname, '../../support/core/recreate-until.mjs'),
        serverUrl({ database: '', user: role, password: role }),
        database,
        at,
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const exited = once(child, 'exit');
    let output = '';
    for await (const chunk of child.stdout) {
      output += String(chunk);
      if (output.includes(`${at}\n`)) break;
    }
    child.kill('SIGKILL');
    expect((await exited)[1]).toBe('SIGKILL');

    const swapped = at === 'swapped' || at === 'dropped';
    expect(await markerOf(database)).toBe(swapped ? undefined : 'old');
    expect(await alive([session.pid])).toEqual(swapped ? [] : [session.pid]);
    await until(
      async () =>
        (await ask('SELECT FROM pg_stat_activity WHERE application_name = $1', [`recreate ${database}`]))
          .length === 0,
      'the server notices',
    );
    const aside = await privateDatabasesFor(database);
    expect(aside).toHaveLength(['created', 'settings-applied', 'swapped'].includes(at) ? 1 : 0);

    expect(await recreateDatabase(targetOf(database, role))).toMatchObject({ changed: true, leftovers: [] });
    expect(await privateDatabasesFor(database)).toEqual([]);
    await session.close();
  },
);

test('the database that another recreate is creating is not mistaken for a leftover', async () => {
  const database = await scratch.database();
  let inner: unknown;
  const outer = await recreateDatabase(targetOf(database), {
    onStep: async (step) => {
      if (step === 'settings-applied') inner = await recreateDatabase(targetOf(database));
    },
  });
  expect(inner).toMatchObject({ changed: true, leftovers: [] });
  expect(outer).toMatchObject({ changed: true, leftovers: [] });
  expect(await privateDatabasesFor(database)).toEqual([]);
});
