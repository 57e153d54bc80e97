import { runCli, runCliJson } from '../../support/cli/run-cli.js';
import { encodings, useServerOf, type Encoding } from '../../support/encodings.js';
import { markerOf } from '../../support/core/target.js';
import { Scratch } from '../../support/scratch.js';
import { databaseExists, serverUrl, withClient } from '../../support/server.js';
import { openSession, type OpenSession } from '../../support/sessions.js';

describe.each(Object.entries(encodings) as [Encoding, string][])('a cluster of %s', (encoding, text) => {
  const scratch = new Scratch();
  afterAll(async () => scratch.cleanUp());
  useServerOf(encoding);

  const pg = async (...words: string[]): ReturnType<typeof runCliJson> =>
    runCliJson(words, { DATABASE_URL: serverUrl() });

  /** A session whose query has such text, cut in the middle of a character where characters have several bytes. */
  async function talkingSession(database: string): Promise<OpenSession> {
    const session = await openSession(serverUrl({ database }));
    for (const shift of ['', ' ', '  ']) {
      await session.client.query(`SELECT '${shift}${text.repeat(400)}' AS said`);
    }
    return session;
  }

  test('has the encoding', async () => {
    const database = await scratch.database();
    await withClient(serverUrl({ database }), async (client) => {
      const { rows } = await client.query('SHOW server_encoding');
      expect(rows).toEqual([{ server_encoding: encoding }]);
    });
  });

  test('sessions are listed with their queries, and terminated', async () => {
    const database = await scratch.database();
    const session = await talkingSession(database);
    const listed = await pg('sessions', database);
    expect(listed).toMatchObject({ code: 0, document: { sessions: [{ pid: session.pid }] } });
    expect(await runCli(['sessions', database], { DATABASE_URL: serverUrl() })).toMatchObject({ code: 0 });
    expect(await pg('terminate', database)).toMatchObject({
      code: 0,
      document: { terminated: [{ pid: session.pid }] },
    });
    expect(await session.ended).toBe('57P01');
  });

  test.each([
    ['recreate', '--yes'],
    ['rename', 'NEW'],
    ['clone', 'NEW'],
    ['drop', '--yes'],
    ['run', '--', process.execPath, '--version'],
  ])('%s terminates the sessions that it must, and lists them', async (command, ...words) => {
    const database = await scratch.database();
    const session = await talkingSession(database);
    const to = scratch.newName();
    const done = await pg(command, database, ...words.map((word) => (word === 'NEW' ? to : word)));
    expect(done).toMatchObject({ code: 0, document: { terminated: [{ pid: session.pid }] } });
    expect(await session.ended).toBe('57P01');
  });

  test('a name and a comment with such text go through every command', async () => {
    const [name, to] = [scratch.newName(`${text} `), scratch.newName(`neu ${text} `)];
    expect(await pg('create', name)).toMatchObject({ code: 0, document: { changed: true } });
    expect(await pg('protect', name, '--reason', text)).toMatchObject({ code: 0 });
    expect(await pg('drop', name, '--yes')).toMatchObject({
      code: 3,
      document: { error: { code: 'PROTECTED' } },
    });
    expect(await pg('unprotect', name, '--yes')).toMatchObject({ code: 0 });
    expect(await pg('doctor', name)).toMatchObject({ code: 0 });
    expect(await pg('recreate', name, '--yes')).toMatchObject({ code: 0, document: { database: name } });
    expect(await pg('rename', name, to)).toMatchObject({ code: 0, document: { to } });
    expect([await databaseExists(name), await databaseExists(to)]).toEqual([false, true]);
    expect(await pg('drop', to, '--yes')).toMatchObject({ code: 0 });
    expect(await databaseExists(to)).toBe(false);
  });

  test('an operation that cannot succeed names the blocking session, whatever encoding that session uses', async () => {
    const database = await scratch.database();
    const owner = await scratch.role('CREATEDB');
    await withClient(serverUrl(), async (client) =>
      client.query(`ALTER DATABASE "${database}" OWNER TO "${owner}"`),
    );
    const session = await talkingSession(database);
    const refused = await runCliJson(['drop', database, '--yes'], {
      DATABASE_URL: serverUrl({ user: owner, password: owner }),
    });
    expect(refused).toMatchObject({
      code: 4,
      document: { error: { code: 'SESSIONS_REMAIN', blockers: [{ name: String(session.pid) }] } },
    });
    expect(await markerOf(database)).toBe('old');
    await session.close();
  });
});
