import { dropDatabase, isPgEvictError, listSessions, redactQuery } from '@pg-evict/core';
import { Scratch } from '../../support/scratch.js';
import { ask, quote, serverUrl } from '../../support/server.js';
import { openSession } from '../../support/sessions.js';

const scratch = new Scratch();
afterAll(async () => scratch.cleanUp());

test.each([
  `PASSWORD 'hun''ter2'`,
  `PASSWORD E'hunter2'`,
  `PASSWORD U&'hunter2'`,
  `PASSWORD $$hunter2$$`,
  `PASSWORD $x$hun$$ter2$x$`,
])('the server accepts %s as a password and shows it in a query; it is masked', async (clause) => {
  const role = await scratch.role();
  const database = await scratch.database();
  const session = await openSession(serverUrl({ database }));
  await session.client.query(`ALTER ROLE ${quote(role)} ${clause} CONNECTION LIMIT 3`);
  const [shown] = await listSessions({ connection: serverUrl(), database });
  await session.close();
  expect(shown?.query).toContain(clause);
  expect(redactQuery(shown?.query ?? '')).toMatch(
    / PASSWORD (?:E|U&)?(?:'\*\*\*'|\*\*\*) CONNECTION LIMIT 3$/,
  );
  expect(await ask('SELECT rolconnlimit FROM pg_roles WHERE rolname = $1', [role])).toEqual([
    { rolconnlimit: 3 },
  ]);
});

test('an error that quotes the query of a blocking session masks its password', async () => {
  const [database, role] = [await scratch.database(), await scratch.role()];
  const holder = await openSession(serverUrl());
  await holder.client.query(
    `BEGIN; ALTER ROLE ${quote(role)} PASSWORD 'hunter2'; ALTER DATABASE ${quote(database)} CONNECTION LIMIT 5`,
  );
  const error: unknown = await dropDatabase({ connection: serverUrl(), database }, { timeoutMs: 3000 }).catch(
    (thrown: unknown) => thrown,
  );
  await holder.close();
  if (!isPgEvictError(error)) throw new Error('it was not in the way');
  expect(error.message).toContain(`ALTER ROLE ${quote(role)} PASSWORD '***'; ALTER DATABASE`);
  expect(JSON.stringify([error.message, error.hint, error.blockers])).not.toContain('hunter2');
});

test.each([
  [`SELECT 'ALTER ROLE x PASSWORD ''hunter2'''`, `SELECT 'ALTER ROLE x PASSWORD '***''`],
  [`PASSWORD 'hunt`, `PASSWORD '***'`],
  [`PASSWORD $x$hunt`, `PASSWORD ***`],
  [`dblink('host=h password=hun&ter2 user=u')`, `dblink('host=h password=*** user=u')`],
  [`dblink('sslpassword=hunter2')`, `dblink('sslpassword=***')`],
  [
    `CONNECTION 'postgres://u:hunter2@h:5432/d' PUBLICATION p`,
    `CONNECTION 'postgres://u:***@h:5432/d' PUBLICATION p`,
  ],
  [`'postgresql://u:hun@te/r2@h/d', 'http://u:hunter2@h'`, `'postgresql://u:***@h/d', 'http://u:***@h'`],
  ['/home/me/postgres:/u:hunter2@h/d', '/home/me/postgres:/u:***@h/d'],
  [`dblink('postgres://u:hunt`, `dblink('postgres://u:***`],
])('in %s the password is masked, wherever it is cut off', (query, masked) => {
  expect(redactQuery(query)).toBe(masked);
});

test.each([
  'SELECT password FROM users',
  'postgres://u@h:5432/d',
  'postgres://localhost:5432',
  'http://localhost:8080/a:b, a@b.example',
])('%s holds no password and stays as it is', (query) => {
  expect(redactQuery(query)).toBe(query);
});

test.each([
  "CREATE ROLE a PASSWORD /* none */ 'hunter2'",
  "CREATE ROLE a PASSWORD -- none\n 'hunter2'",
  `INSERT INTO a VALUES ('{"password": "hunter2", "b": 1}')`,
  `{ user: 'a', password: 'hunter2' }`,
  String.raw`{"password":"hunter2\"hunter2"}`,
])('a password that stands in %s is masked as well', (query) => {
  expect(redactQuery(query)).toContain('***');
  expect(redactQuery(query)).not.toContain('hunter2');
});

test('the time to read a long, repetitive query does not grow with the square of its length', () => {
  for (const piece of [
    'postgres://',
    'postgres://a:b ',
    'a:',
    'password ',
    'PASSWORD $',
    '/*',
    '--',
    '":',
    '\\',
  ]) {
    for (const query of [
      piece.repeat(100_000),
      `password${' '.repeat(100_000)}`,
      `password /*${piece.repeat(50_000)}`,
    ]) {
      expect(redactQuery(query).length).toBeGreaterThan(0);
    }
  }
});

test('a query that is longer than a server keeps is cut off, and no unread part of it is shown', () => {
  for (const piece of ['a', "''", String.raw`\'`, ' ', '--\n']) {
    const shown = redactQuery(`password '${piece.repeat(20_000_000 / piece.length)}hunter2`);
    expect(shown).not.toContain('hunter2');
    expect(shown).toMatch(/… \(\d+ more characters\)$/);
  }
});
