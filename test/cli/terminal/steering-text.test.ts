import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Scratch } from '../../support/scratch.js';
import { ask, quote, serverUrl, uniqueName } from '../../support/server.js';
import { openSession } from '../../support/sessions.js';
import { runCli, type CliResult } from '../../support/cli/run-cli.js';

const scratch = new Scratch();
const directory = mkdtempSync(join(tmpdir(), 'pg-evict-steering-'));
afterAll(async () => {
  await scratch.cleanUp();
  rmSync(directory, { recursive: true });
});

/** Escape sequences, C1 controls, separators, what reorders text or hides in it, also outside the basic plane. */
const hostile =
  '\u001B[2J\u0007\u009B1m\u0085\u2028\u2029\u202E\u2066\u061C\u00AD\u200B\u3164\uFEFF\uFFF9\u{E0041}\u{E0100}\r';
/** As much of it as an application name, which is ASCII to the server before 16, or a database name has room for. */
const inName = '\u001B[2J\u009B\u2028\u202E\u061C\u00AD\u3164\u{E0041}';
const steers = /(?!\n)[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\p{Default_Ignorable_Code_Point}\uFFF9-\uFFFB]/u;

function steering({ stdout, stderr }: CliResult): string[] {
  return [stdout, stderr].flatMap((text) => (steers.exec(text) === null ? [] : [JSON.stringify(text)]));
}

/** Runs each as text and as JSON, side by side; returns whatever steers, is no document, or says nothing. */
async function problemsOf(
  commands: readonly (readonly string[])[],
  env: Readonly<Record<string, string>>,
): Promise<string[]> {
  const runs = commands.flatMap(([command = '', ...args]) =>
    [[], ['--json']].map(async (how) => {
      const result = await runCli([command, ...how, ...args], env);
      const isDocument = how.length === 0 ? result.stdout + result.stderr !== '' : parses(result.stdout);
      return isDocument ? steering(result) : [`${command}: ${JSON.stringify(result)}`];
    }),
  );
  return (await Promise.all(runs)).flat();
}

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

test('nothing that others named steers a terminal, in any command that looks, as text or as JSON', async () => {
  const database = await scratch.database(`${uniqueName('s')}${inName}`);
  const missing = `${uniqueName('m')}${inName}`;
  const env = { DATABASE_URL: serverUrl({ database }) };
  const session = await openSession(serverUrl({ database }));
  await session.client.query(`SET application_name = ${quoteText(hostile)}`);
  await session.client.query(`SELECT ${quoteText(hostile)}`);
  const shown = await problemsOf(
    [
      ['sessions'],
      ['doctor'],
      ['terminate', '--dry-run'],
      ['drop', '--dry-run'],
      ['recreate', '--dry-run'],
      ['recreate'],
      ['drop', missing, '-y'],
      ['create', '--owner', hostile],
      ['clone', database, '--dry-run', `x${inName}`],
      ['run', missing, '--', 'true'],
    ],
    env,
  );
  await ask(`COMMENT ON DATABASE ${quote(database)} IS ${quoteText(`[pg-evict: protected: ${hostile}]`)}`);
  const reason = await problemsOf(
    [['drop', '-y'], ['protect', '--dry-run'], ['doctor'], ['recreate', '-y']],
    env,
  );
  expect([...shown, ...reason]).toEqual([]);
  await ask(`COMMENT ON DATABASE ${quote(database)} IS NULL`);
  await session.close();
});

test('nothing that a user typed or wrote into a file does', async () => {
  const config = join(directory, 'broken.yaml');
  writeFileSync(config, `"${hostile.replaceAll('\r', '')}x": 1\n`);
  const thrown = join(directory, 'throws.cjs');
  writeFileSync(thrown, `throw new Error(${JSON.stringify(hostile)});`);
  const dump = join(directory, 'dump.sql');
  writeFileSync(
    dump,
    `--\n-- PostgreSQL database dump\n--\nSELECT ${quoteText(hostile)}::int;\n--\n-- PostgreSQL database dump complete\n--\n`,
  );
  const database = await scratch.database();
  const problems = await problemsOf(
    [
      [`x${hostile}`],
      ['drop', `--x${hostile}`],
      ['drop', '--timeout', hostile],
      ['sessions', '--user', `[${hostile}`],
      ['sessions', 'x', '--config', join(directory, `${inName}.json`)],
      ['sessions', 'x', '--config', config],
      ['sessions', 'x', '--config', thrown],
      ['sessions', 'x', '--url', `postgres://h/${hostile}`],
      ['restore', database, dump, '-y'],
      ['restore', database, join(directory, `${inName}.sql`), '-y'],
      ['fresh', database, '-y', '--knexfile', join(directory, `${inName}.js`)],
    ],
    { DATABASE_URL: serverUrl({ database }) },
  );
  expect(problems).toEqual([]);
});

const quoteText = (text: string): string => `'${text.replaceAll("'", "''")}'`;
