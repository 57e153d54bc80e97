import {
  cloneDatabase,
  createDatabase,
  describeDatabase,
  dropDatabase,
  listSessions,
  recreateDatabase,
  renameDatabase,
  swapDatabase,
  terminateSessions,
} from '@pg-evict/core';
import { Scratch } from '../../support/scratch.js';
import { ask, databaseExists, uniqueName } from '../../support/server.js';
import { failureOf } from '../../support/core/failure.js';
import { clientOf, targetOf } from '../../support/core/target.js';

const scratch = new Scratch();
afterAll(async () => scratch.cleanUp());

const full = (start: string, bytes = 63): string => {
  const name = `${start}${uniqueName('')}`;
  return name + 'x'.repeat(bytes - Buffer.byteLength(name));
};

const names: [string, string][] = [
  ['capitals', uniqueName('MyData')],
  ['spaces', ` ${uniqueName('with spaces')} `],
  ['double quotes', uniqueName('say "hi"; DROP DATABASE "x"; --')],
  ['single quotes and backslashes', uniqueName(`it's a \\ and \\'`)],
  ['characters with a meaning in URLs', uniqueName('a/b?c=d#e@f:g%20&h')],
  ['characters with a meaning in patterns', uniqueName('100%_[a-z]*.+$$')],
  ['unicode', uniqueName('données_数据库_🐘')],
  ['a line break', uniqueName('two\nlines')],
  ['63 bytes of ASCII', full('a')],
  ['63 bytes of unicode', full('üüüüüüüüüüüüüü')],
];

async function openOn(database: string): Promise<ReturnType<typeof clientOf>> {
  const client = clientOf(database);
  await client.connect();
  return client;
}

test.each(names)('a name with %s goes through every operation', async (_, name) => {
  const other = scratch.forget(full(`${name.slice(0, 3)}B`));
  const target = targetOf(scratch.forget(name));
  expect(await createDatabase(target)).toMatchObject({ changed: true, database: name });
  expect(await databaseExists(name)).toBe(true);
  expect(await describeDatabase(target)).toMatchObject({ database: name, exists: true });

  const client = await openOn(name);
  expect(await listSessions(target)).toHaveLength(1);
  expect((await terminateSessions(target)).terminated).toHaveLength(1);
  await client.end().catch(() => undefined);

  await ask(`COMMENT ON DATABASE "${name.replaceAll('"', '""')}" IS 'kept'`);
  await openOn(name);
  expect((await recreateDatabase(target)).terminated).toHaveLength(1);
  await openOn(name);
  expect((await cloneDatabase(target, other, { keepSettings: true })).terminated).toHaveLength(1);
  await openOn(other);
  expect((await swapDatabase(target, other)).terminated).toHaveLength(1);
  expect(await dropDatabase(targetOf(other))).toMatchObject({ changed: true });
  await openOn(name);
  expect((await renameDatabase(target, other)).terminated).toHaveLength(1);
  expect([await databaseExists(name), await databaseExists(other)]).toEqual([false, true]);
  await openOn(other);
  expect((await dropDatabase(targetOf(other))).terminated).toHaveLength(1);
  expect(await databaseExists(other)).toBe(false);
});

test('a role whose name needs quotes is quoted, also in the remedy', async () => {
  const role = await scratch.role('CREATEDB', uniqueName(`O'Neill "the one" \\`));
  const database = await scratch.database(uniqueName('db'), `OWNER "${role.replaceAll('"', '""')}"`);
  const other = await openOn(database);
  const target = targetOf(database, role);
  const error = await failureOf(recreateDatabase(target));
  expect(error.code).toBe('SESSIONS_REMAIN');
  await other.end();
  expect(await recreateDatabase(target)).toMatchObject({ changed: true, notCarriedOver: [] });
});

const tooLong = full('b', 64);
test.each<[string, () => Promise<unknown>]>([
  ['drop', async () => dropDatabase(targetOf(tooLong))],
  ['create', async () => createDatabase(targetOf(tooLong))],
  ['create, as the template', async () => createDatabase(targetOf('x'), { template: tooLong })],
  ['recreate', async () => recreateDatabase(targetOf(tooLong))],
  ['recreate, as the template', async () => recreateDatabase(targetOf('x'), { template: tooLong })],
  ['rename', async () => renameDatabase(targetOf(tooLong), 'x')],
  ['rename, as the new name', async () => renameDatabase(targetOf('x'), tooLong)],
  ['clone', async () => cloneDatabase(targetOf(tooLong), 'x')],
  ['clone, as the new name', async () => cloneDatabase(targetOf('x'), tooLong)],
  ['swap, as the other', async () => swapDatabase(targetOf('x'), tooLong)],
  ['list sessions', async () => listSessions(targetOf(tooLong))],
  ['terminate sessions', async () => terminateSessions(targetOf(tooLong))],
  ['describe', async () => describeDatabase(targetOf(tooLong))],
  ['the maintenance database', async () => dropDatabase({ ...targetOf('x'), maintenanceDatabase: tooLong })],
])('a name of 64 bytes is refused, not truncated: %s', async (_, call) => {
  const truncated = scratch.forget(tooLong.slice(0, 63));
  if (!(await databaseExists(truncated))) await scratch.database(truncated);
  expect(await failureOf(call())).toMatchObject({ code: 'CONFIG_INVALID' });
  expect(await databaseExists(truncated)).toBe(true);
});

test.each(['', 'a\0b'])('the name %j is refused', async (name) => {
  for (const call of [dropDatabase, createDatabase, recreateDatabase, listSessions, terminateSessions]) {
    expect(await failureOf(call(targetOf(name)))).toMatchObject({ code: 'CONFIG_INVALID' });
  }
});
