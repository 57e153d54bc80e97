import { Scratch } from '../../support/scratch.js';
import { ask, databaseExists, quote, serverUrl, until } from '../../support/server.js';
import { openSession } from '../../support/sessions.js';
import { startCli } from '../../support/cli/run-cli.js';

const scratch = new Scratch();
afterAll(async () => scratch.cleanUp());

/**
 * Starts a command that has to wait: a transaction in another database holds the lock that COMMENT ON DATABASE takes.
 * Returns once the server shows the command waiting.
 */
async function startWaiting(args: readonly string[], database: string) {
  const holder = await openSession(serverUrl());
  await holder.client.query(`BEGIN; COMMENT ON DATABASE ${quote(database)} IS 'locked'`);
  const running = startCli([...args, '--timeout', '60s'], { DATABASE_URL: serverUrl({ database }) });
  const ours = async (): Promise<number[]> => {
    const rows = await ask<{ pid: number }>(
      `SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND $1 = ANY (pg_blocking_pids(pid))`,
      [holder.pid],
    );
    return rows.map(({ pid }) => pid);
  };
  await until(async () => (await ours()).length > 0, 'the command to wait');
  return { ...running, holder, ours };
}

describe.each(['SIGINT', 'SIGTERM'] as const)('%s', (signal) => {
  test.each(['drop', 'recreate', 'rename'])(
    'ends a waiting %s cleanly: the database is still there, nobody works on, and it says so',
    async (command) => {
      const database = await scratch.database();
      const args = command === 'rename' ? ['rename', scratch.forget(`${database}_to`)] : [command, '-y'];
      const { process: child, result, holder, ours } = await startWaiting(args, database);
      child.kill(signal);
      const { code, stdout, stderr } = await result;
      expect({ code, stdout }).toEqual({ code: 130, stdout: '' });
      expect(stderr).toMatch(/^error: Aborted\. /m);
      expect(stderr).toContain(database);
      expect(await ours()).toEqual([]);
      await holder.client.query('ROLLBACK');
      await holder.close();
      expect(await databaseExists(database)).toBe(true);
      const session = await openSession(serverUrl({ database }));
      expect((await session.client.query('SELECT content FROM marker')).rows).toEqual([{ content: 'old' }]);
      await session.close();
      expect(await ask('SELECT FROM pg_database WHERE datname = $1', [`${database}_to`])).toEqual([]);
    },
  );
});

test('--json prints one document also when it is interrupted', async () => {
  const database = await scratch.database();
  const { process: child, result, holder } = await startWaiting(['drop', '-y', '--json'], database);
  child.kill('SIGINT');
  const { code, stdout } = await result;
  expect(code).toBe(130);
  expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'ABORTED', database } });
  await holder.close();
});
