import { createHash } from 'node:crypto';
import {
  cloneDatabase,
  diagnose,
  dropDatabase,
  listSessions,
  protectDatabase,
  renameDatabase,
  type Target,
  terminateSessions,
} from '@pg-evict/core';
import { runCli } from '../../support/cli/run-cli.js';
import { failureOf } from '../../support/core/failure.js';
import { targetOf } from '../../support/core/target.js';
import { Scratch } from '../../support/scratch.js';
import { ask, quote, serverUrl, until } from '../../support/server.js';
import { useSessions } from '../../support/sessions.js';

const scratch = new Scratch();
afterAll(async () => scratch.cleanUp());
const sessionOn = useSessions();

/** A database as an operation has renamed it, and the session of that operation. */
async function setAside(
  role: 'drop' | 'held',
): Promise<{ database: string; aside: string; operating: Awaited<ReturnType<typeof sessionOn>> }> {
  const database = await scratch.database();
  const operating = await sessionOn();
  const [backend] = await ask<{ started: string }>(
    'SELECT (extract(epoch FROM backend_start) * 1000000)::bigint::text AS started FROM pg_stat_activity WHERE pid = $1',
    [operating.pid],
  );
  const tag = createHash('sha256').update(database).digest('hex').slice(0, 10);
  const started = BigInt(backend?.started ?? 0).toString(36);
  const aside = scratch.forget(`pg_evict_${role}_${tag}_${operating.pid}_${started}`);
  await ask(`ALTER DATABASE ${quote(database)} RENAME TO ${quote(aside)}`);
  return { database, aside, operating };
}

const asking: Record<string, (target: Target) => Promise<unknown>> = {
  sessions: listSessions,
  terminate: terminateSessions,
  protect: async (target) => protectDatabase(target),
  drop: dropDatabase,
  rename: async (target) => renameDatabase(target, scratch.newName('to')),
  clone: async (target) => cloneDatabase(target, scratch.newName('to')),
};

test('an error about a database that an operation has renamed names the operation and the new name', async () => {
  for (const role of ['drop', 'held'] as const) {
    const { aside, database, operating } = await setAside(role);
    const said = `Database "${database}" is called "${aside}" now: process ${operating.pid},`;
    for (const [name, call] of Object.entries(asking)) {
      const error = await failureOf(call(targetOf(database)));
      expect([name, error.code, error.message]).toEqual([
        name,
        'DATABASE_NOT_FOUND',
        expect.stringContaining(said),
      ]);
    }
    const other = await sessionOn(aside);
    const { blockers, standing } = await diagnose(targetOf(database));
    expect(standing).toMatchObject([{ kind: 'lock', name: String(operating.pid), database }]);
    expect(blockers.map(({ name }) => name)).toEqual([operating.pid, other.pid].map(String));
  }
});

test('doctor and sessions say so; where the operation is gone, that; where there was none, that there is no such database', async () => {
  const { aside, database, operating } = await setAside('drop');
  const env = { DATABASE_URL: serverUrl({ database }) };
  const doctor = await runCli(['doctor', database], env);
  expect(doctor.code).toBe(5);
  expect(doctor.stdout.replaceAll(/\s+/g, ' ')).toContain(
    `is called "${aside}" now: process ${operating.pid}`,
  );
  expect(doctor.stdout).not.toMatch(/does not exist|not protected|owner/);
  await operating.close();
  await until(
    async () => (await ask('SELECT FROM pg_stat_activity WHERE pid = $1', [operating.pid])).length === 0,
    'it is gone',
  );
  const sessions = await runCli(['sessions', database], env);
  expect(sessions.code).toBe(7);
  expect(sessions.stderr).toContain('its connection is gone');
  const missing = scratch.newName('missing');
  expect((await failureOf(listSessions(targetOf(missing)))).message).toContain('does not exist');
  expect((await runCli(['doctor', missing], env)).stdout).toContain('does not exist');
});
