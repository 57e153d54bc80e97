import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeWithTools } from '../../support/cli/dump-tools.js';
import { runCli } from '../../support/cli/run-cli.js';
import { randomDump } from '../../support/long/random-dump.js';
import { Scratch } from '../../support/scratch.js';
import { ask, quote, serverMajor, serverUrl, withClient } from '../../support/server.js';

const cases = Number(process.env['DUMPS_CASES'] ?? 1000);
const firstSeed = Number(process.env['DUMPS_SEED'] ?? 1);

const scratch = new Scratch();
let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'pg-evict-dumps-'));
});
afterAll(async () => {
  await scratch.cleanUp();
  rmSync(folder, { recursive: true });
});

/** What a database of these tests holds. */
async function contentOf(database: string): Promise<string> {
  return withClient(serverUrl({ database }), async (client) => {
    const { rows: tables } = await client.query<{ name: string }>(
      `SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' ORDER BY 1`,
    );
    const contents: unknown[] = [];
    for (const { name } of tables) {
      const { rows } = await client.query<object>(
        `SELECT t::text AS row, obj_description('public.${name}'::regclass) AS comment FROM public.${quote(name)} t ORDER BY 1`,
      );
      contents.push(name, rows);
    }
    const { rows: sequences } = await client.query<object>(
      `SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = 'public' ORDER BY 1`,
    );
    return JSON.stringify([contents, sequences]);
  });
}

/** What a dump of one database must not reach. @param copy the database of psql, which comes and goes */
async function world(victim: string, copy: string): Promise<string> {
  const rows = await ask(
    `SELECT array(SELECT datname || coalesce(datacl::text, '') FROM pg_database WHERE datname !~ '^pg_evict_' AND datname <> $1 ORDER BY 1),
       array(SELECT rolname::text FROM pg_roles ORDER BY 1)`,
    [copy],
  );
  return JSON.stringify(rows) + (await contentOf(victim));
}

/** Runs a file by psql, as a role that may do nothing beside its own database. */
async function psql(database: string, user: string, file: string): Promise<boolean> {
  const args = [
    '-X',
    '-q',
    '-v',
    'ON_ERROR_STOP=1',
    '-d',
    serverUrl({ database, user, password: user }),
    '-f',
    file,
  ];
  return new Promise((resolve) => {
    execFile('psql', args, { cwd: folder, maxBuffer: 2 ** 26 }, (error) => {
      resolve(error === null);
    });
  });
}

describeWithTools('dumps made at random', () => {
  test(`change nothing beside their database, and restore what psql restores (${cases} from seed ${firstSeed})`, async () => {
    process.stderr.write(
      `dumps: ${cases} cases from seed ${firstSeed} (DUMPS_CASES, DUMPS_SEED), PostgreSQL ${serverMajor}\n`,
    );
    const victim = await scratch.database();
    const [byUs, byPsql] = [await scratch.database(), scratch.newName()];
    const plain = await scratch.role();
    await ask(`REVOKE CONNECT ON DATABASE ${victim} FROM PUBLIC`);
    const owned = join(folder, 'owned');
    const file = join(folder, 'dump.sql');
    const outward = [
      `\\connect ${victim}`,
      `\\! touch ${owned}`,
      `DROP DATABASE ${victim};`,
      `ALTER DATABASE ${victim} RENAME TO gone;`,
      `CREATE ROLE ${victim};`,
      `COPY public.t1 TO '${owned}';`,
    ];
    const before = await world(victim, byPsql);
    const outcomes = { same: 0, bothRefuse: 0, onlyOurs: 0, psqlLed: 0 };
    for (let seed = firstSeed; seed < firstSeed + cases; seed += 1) {
      const { broken, content: bytes } = randomDump(seed, outward, serverMajor < 18);
      writeFileSync(file, bytes);
      const { code, stderr } = await runCli(['restore', byUs, file, '--yes'], {
        DATABASE_URL: serverUrl({ database: byUs }),
      });
      expect({ seed, world: await world(victim, byPsql), isOwned: existsSync(owned) }).toEqual({
        seed,
        world: before,
        isOwned: false,
      });
      expect({ seed, code, stderr }).toEqual({
        seed,
        code: expect.any(Number),
        stderr: expect.not.stringContaining('bug'),
      });
      await ask(`DROP DATABASE IF EXISTS ${byPsql} WITH (FORCE)`);
      await ask(`CREATE DATABASE ${byPsql} TEMPLATE template0 OWNER ${plain}`);
      const succeeded = await psql(byPsql, plain, file);
      expect({ seed, world: await world(victim, byPsql) }).toEqual({ seed, world: before });
      // psql takes a backslash for a command of its own, and was led out, or has quit.
      if (existsSync(owned) || broken === '\\') {
        outcomes.psqlLed += 1;
        rmSync(owned, { force: true });
        continue;
      }
      // Where psql succeeds, so do we, with the same content.
      const content = succeeded ? await contentOf(byUs) : '';
      const expected = succeeded ? await contentOf(byPsql) : '';
      expect({ seed, failed: succeeded && code !== 0 ? stderr : '', content }).toEqual({
        seed,
        failed: '',
        content: expected,
      });
      if (succeeded) outcomes.same += 1;
      else if (code === 0) outcomes.onlyOurs += 1;
      else outcomes.bothRefuse += 1;
    }
    process.stderr.write(`dumps: ${JSON.stringify(outcomes)}\n`);
    expect(outcomes.same).toBeGreaterThan(cases / 4);
  });
});
