import { runCliJson } from '../../support/cli/run-cli.js';
import { useOwnServer } from '../../support/own-server.js';
import { Scratch } from '../../support/scratch.js';
import { ask, quote, serverUrl, uniqueName, withClient } from '../../support/server.js';
import { type OpenSession, openSession } from '../../support/sessions.js';

const scratch = new Scratch();
afterAll(async () => {
  await scratch.cleanUp();
  await ask('DROP ROLE IF EXISTS rds_superuser');
});
// Its role makes every test of the run take the server for a managed one.
useOwnServer();

let administrator: string;
let url: string;
beforeAll(async () => {
  await ask('CREATE ROLE rds_superuser NOLOGIN');
  await ask('GRANT pg_signal_backend, pg_read_all_stats TO rds_superuser');
  administrator = await scratch.role('CREATEDB CREATEROLE');
  await ask(`GRANT rds_superuser TO ${quote(administrator)}`);
  url = urlOf(serverUrl(), administrator);
});

function urlOf(of: string, role: string): string {
  const changed = new URL(of);
  [changed.username, changed.password] = [role, role];
  return changed.href;
}

/** A database of the administrator's, with a session of an application on it. */
async function inUse(): Promise<{ database: string; session: OpenSession }> {
  const database = await scratch.database();
  await ask(`ALTER DATABASE ${quote(database)} OWNER TO ${quote(administrator)}`);
  const application = await scratch.role();
  return { database, session: await openSession(urlOf(serverUrl({ database }), application)) };
}

const commands: readonly (readonly [string, (database: string) => readonly string[]])[] = [
  ['terminate', () => []],
  ['recreate', () => ['--undo', '1h']],
  ['rename', (database) => [scratch.forget(`${database}_to`)]],
  ['clone', (database) => [scratch.forget(`${database}_to`)]],
  ['drop', () => ['--undo', '1h']],
  ['drop', () => []],
];

const run = async (command: string, database: string, words: readonly string[]): Promise<unknown> => {
  const args = [command, database, ...words, '--confirm', database];
  const { code, document } = await runCliJson<{ error?: { code: string } }>(args, { DATABASE_URL: url });
  return document.error === undefined ? code : [code, document.error.code];
};

describe('as the administrator of a managed service, who is no superuser,', () => {
  test('every command ends the sessions of applications', async () => {
    for (const [command, words] of commands) {
      const { database, session } = await inUse();
      expect([command, await run(command, database, words(database))]).toEqual([command, 0]);
      await session.close().catch(() => undefined);
    }
  });

  test("a session of the provider's superuser keeps it from that, and nobody is ended", async () => {
    for (const [command, words] of commands) {
      const { database, session } = await inUse();
      const provider = await openSession(serverUrl({ database }));
      const outcome = command === 'terminate' ? 4 : [4, 'SESSIONS_REMAIN'];
      expect([command, await run(command, database, words(database))]).toEqual([command, outcome]);
      const rows = await ask('SELECT pid FROM pg_stat_activity WHERE pid = $1', [session.pid]);
      expect([command, rows.length]).toEqual([command, command === 'terminate' ? 0 : 1]);
      await session.close().catch(() => undefined);
      await provider.close();
    }
  });

  test('a database of a role that it has made is not its own before that is granted', async () => {
    const owner = uniqueName('owner');
    await withClient(url, async (client) => client.query(`CREATE ROLE ${quote(owner)}`));
    const database = await scratch.database();
    await ask(`ALTER DATABASE ${quote(database)} OWNER TO ${quote(owner)}`);
    expect(await run('recreate', database, [])).toEqual([3, 'PERMISSION_DENIED']);
    await withClient(url, async (client) => client.query(`GRANT ${quote(owner)} TO ${quote(administrator)}`));
    expect(await run('recreate', database, [])).toBe(0);
    expect(await run('drop', database, [])).toBe(0);
    await ask(`DROP ROLE ${quote(owner)}`);
  });
});
