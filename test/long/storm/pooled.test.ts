import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCli } from '../../support/cli/run-cli.js';
import { PooledClients } from '../../support/pooled-clients.js';
import { describeWithPgbouncer, type Pgbouncer, startPgbouncer } from '../../support/pgbouncer.js';
import { Scratch } from '../../support/scratch.js';
import { serverMajor, serverUrl } from '../../support/server.js';

/** How often: 50 recreates and swaps, 10 restores and runs are `POOLED_ROUNDS=10`, whose figures docs/poolers.md has. */
const rounds = Number(process.env['POOLED_ROUNDS'] ?? 1);
const scratch = new Scratch();
afterAll(async () => scratch.cleanUp());

// What a pooler's clients notice does not depend on the server's major.
const describePooled = serverMajor >= 18 ? describeWithPgbouncer : describe.skip;

describePooled('20 clients of pgbouncer in transaction mode', () => {
  let pgbouncer: Pgbouncer;
  let database: string;
  let folder: string;

  beforeAll(async () => {
    database = await scratch.database();
    pgbouncer = await startPgbouncer('transaction', { apps: `dbname=${database}` });
    folder = mkdtempSync(join(tmpdir(), 'pg-evict-pooled-'));
    writeFileSync(
      join(folder, 'dump.sql'),
      'CREATE TABLE restored AS SELECT generate_series(1, 1000) AS n;\n',
    );
  });
  afterAll(async () => {
    await pgbouncer.stop();
    rmSync(folder, { recursive: true });
  });

  const keptBusy = [process.execPath, '--eval', 'setTimeout(() => {}, 5000)'];
  test.each<[string, number, (other: string) => string[]]>([
    ['recreate', 5, () => ['recreate', '--yes']],
    ['swap', 5, (other) => ['swap', other]],
    ['restore', 1, () => ['restore', join(folder, 'dump.sql'), '--yes']],
    ['run', 1, () => ['run', '--', ...keptBusy]],
  ])(
    'no query fails in any %s',
    async (command, times, words) => {
      const other = await scratch.database();
      const clients = new PooledClients(pgbouncer.url('apps'), 20);
      await clients.succeed(100);
      const env = { DATABASE_URL: serverUrl({ database }) };
      for (let round = 0; round < times * rounds; round += 1) {
        const [name = '', ...more] = words(other);
        const { code, stderr } = await runCli([name, '--pooler', pgbouncer.consoleUrl(), ...more], env);
        expect({ code, stderr }).toMatchObject({ code: 0 });
        await clients.succeed(50);
      }
      const { failures, longestMs, succeeded } = await clients.stop();
      process.stderr.write(
        `${times * rounds} ${command}: ${succeeded} queries, the longest ${Math.round(longestMs)} ms\n`,
      );
      expect(failures).toEqual({});
    },
    60_000 * rounds,
  );
});
