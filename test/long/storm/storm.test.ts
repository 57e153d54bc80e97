import { writeFile } from 'node:fs/promises';
import {
  cloneDatabase,
  dropDatabase,
  isPgEvictError,
  recreateDatabase,
  renameDatabase,
  type OperationReport,
  type Target,
} from '@pg-evict/core';
import { Client } from 'pg';
import { Scratch } from '../../support/scratch.js';
import { quote, serverMajor, serverUrl, uniqueName } from '../../support/server.js';
import { Crowd, type CrowdStatistics } from '../../support/long/crowd.js';

const count = Number(process.env['STORM_COUNT'] ?? 100);
const clients = 20;
const hasty = 2;

const scratch = new Scratch();
const superuser = new Client({ connectionString: serverUrl() });
beforeAll(async () => {
  await superuser.connect();
  // Quick logins: hashing passwords, the clients would be late for the storm.
  const { rows } = await superuser.query<{ hba_file: string }>('SHOW hba_file');
  await writeFile(rows[0]?.hba_file ?? '', 'host all all samehost trust\n');
  await superuser.query('SELECT pg_reload_conf()');
});
afterAll(async () => {
  await superuser.end();
  await scratch.cleanUp();
});

interface Storm {
  readonly operate: (target: Target, database: string) => Promise<OperationReport>;
  /** Makes ready for the next time what the operation has changed. */
  readonly restore: (database: string, owner: string) => string[];
  /** How often a client may be refused in a row: while the name is missing, any number of times. */
  readonly mostRefusalsInARow: number;
}

const storms: Record<string, Storm> = {
  drop: {
    operate: async (target) => dropDatabase(target),
    restore: (database, owner) => [`CREATE DATABASE ${quote(database)} OWNER ${quote(owner)}`],
    mostRefusalsInARow: Infinity,
  },
  rename: {
    operate: async (target, database) => renameDatabase(target, `${database}_renamed`),
    restore: (database) => [`ALTER DATABASE ${quote(`${database}_renamed`)} RENAME TO ${quote(database)}`],
    mostRefusalsInARow: Infinity,
  },
  clone: {
    operate: async (target, database) => cloneDatabase(target, `${database}_clone`),
    restore: (database) => [`DROP DATABASE ${quote(`${database}_clone`)}`],
    mostRefusalsInARow: 0,
  },
  recreate: {
    operate: async (target) => recreateDatabase(target),
    restore: () => [],
    mostRefusalsInARow: 1,
  },
};

describe.each(['a superuser', 'an owner with pg_signal_backend'])('as %s', (who) => {
  test.each(Object.keys(storms))(
    `${count} of ${count} succeed against ${clients} clients that reconnect at once and a straggler: %s`,
    async (name) => {
      const { operate, restore, mostRefusalsInARow } = storms[name] as Storm;
      const application = await scratch.role();
      const owner = await scratch.role('CREATEDB');
      await superuser.query(`GRANT pg_signal_backend TO ${quote(owner)}`);
      const database = await scratch.database(uniqueName('storm'), `OWNER ${quote(owner)}`);
      for (const suffix of ['_renamed', '_clone']) scratch.forget(`${database}${suffix}`);
      const connection = who === 'a superuser' ? serverUrl() : serverUrl({ user: owner, password: owner });
      const crowd = new Crowd(
        serverUrl({ database, user: application, password: application }),
        clients,
        hasty,
      );
      const durations: number[] = [];
      const failures: string[] = [];
      let statistics: CrowdStatistics | undefined;
      try {
        for (let index = 0; index < count; index += 1) {
          await crowd.allOn(superuser, database);
          await crowd.straggle(superuser, database);
          try {
            const report = await operate({ connection, database }, database);
            durations.push(report.durationMs);
            if (report.leftovers.length > 0) failures.push(JSON.stringify(report.leftovers));
          } catch (error) {
            failures.push(isPgEvictError(error) ? `${error.code}: ${error.message}` : String(error));
          }
          for (const sql of restore(database, owner)) await superuser.query(sql);
        }
        await crowd.allOn(superuser, database);
      } finally {
        statistics = await crowd.stop();
      }
      printFigures(name, who, durations, statistics);
      expect(failures).toEqual([]);
      expect(durations).toHaveLength(count);
      expect(Object.keys(statistics.refusals).filter((code) => !['3D000', '57P01'].includes(code))).toEqual(
        [],
      );
      // Where the name is never missing, who was queued behind the swap is refused once and gets in then.
      expect(statistics.mostRefusalsInARow).toBeLessThanOrEqual(mostRefusalsInARow);
    },
    count * 3000 + 60_000,
  );
});

function printFigures(name: string, who: string, durations: number[], statistics: CrowdStatistics): void {
  const sorted = durations.toSorted((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  const codes = (counts: Readonly<Record<string, number>>): string =>
    Object.entries(counts)
      .map(([code, times]) => `${times} × ${code}`)
      .join(', ') || 'none';
  process.stdout.write(
    `PostgreSQL ${serverMajor}, ${name} as ${who}: ${durations.length} of ${count}, ` +
      `median ${median} ms, max ${sorted.at(-1) ?? Number.NaN} ms; ` +
      `${statistics.attempts} attempts to connect, refused: ${codes(statistics.refusals)} ` +
      `(at most ${statistics.mostRefusalsInARow} in a row), sessions ended: ${codes(statistics.endings)}\n`,
  );
}
