import { serverUrl } from '../../support/server.js';
import { runCli, type CliResult } from '../../support/cli/run-cli.js';
import { askDatabase, tables } from '../../support/knex/ask-database.js';
import { KnexFixture } from '../../support/knex/knex-fixture.js';
import { writeProject } from '../../support/knex/knex-files.js';

const fixture = new KnexFixture('knex');
const { scratch } = fixture;

/** A program that runs a statement where DATABASE_URL leads, or where it is told to. */
const runSql = `const { Client } = require('pg');
(async () => {
  const client = new Client({ connectionString: process.argv[3] ?? process.env.DATABASE_URL });
  await client.connect();
  await client.query(process.argv[2]);
  await client.end();
  console.log('said', process.argv[2], process.env.PG_EVICT_DATABASE);
})();`;

describe('fresh -- <command>', () => {
  it('fills the new database with the command, without a knexfile, and terminates the connected sessions', async () => {
    const database = await scratch.database();
    await fixture.others(database);
    const { code, stdout, stderr } = await fresh({}, database, [
      '--',
      'node',
      'sql.js',
      'CREATE TABLE made ()',
    ]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(`said CREATE TABLE made () ${database}\n`);
    expect(stdout).toMatch(
      new RegExp(
        `Recreated ${database} with "node sql\\.js CREATE TABLE made \\(\\)" in .*; 3 sessions terminated`,
      ),
    );
    expect(await tables(database)).toEqual(['made']);
  });

  it('prints one document with --json, what the command says on stderr', async () => {
    const database = await scratch.database();
    const { code, stdout, stderr } = await fresh({}, database, [
      '--json',
      '--',
      'node',
      'sql.js',
      'SELECT 1',
    ]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      command: 'fresh',
      migrations: [],
      seeds: [],
      ran: ['node sql.js SELECT 1'],
    });
    expect(stderr).toContain('said SELECT 1');
  });

  it('keeps the old database when the command fails', async () => {
    const database = await scratch.database();
    const { code, stderr } = await fresh({}, database, ['--', 'node', '-e', 'process.exit(7)']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error: "node -e process\.exit\(7\)" ended with exit code 7\b/);
    expect(stderr).toContain(`"${database}" was not replaced`);
    expect(await tables(database)).toEqual(['marker']);
  });

  it('reports the state of the old database if it is not unchanged', async () => {
    const database = await scratch.database();
    scratch.forget(`gone ${database}`);
    const rename = `ALTER DATABASE ${database} RENAME TO "gone ${database}"`;
    const { code, stderr } = await fresh({}, database, [
      '--',
      'sh',
      '-c',
      `node sql.js '${rename}' ${serverUrl()} && exit 7`,
    ]);
    expect(code).toBe(1);
    expect(stderr).toContain(
      `database "${database}" was not replaced; the old one is now called "gone ${database}"`,
    );
  });

  it('refuses a command that connects to the old database, also one that an npm script starts', async () => {
    const database = await scratch.database();
    const url = serverUrl({ database });
    const files = {
      'package.json': JSON.stringify({ scripts: { fill: `node sql.js "DELETE FROM marker" ${url}` } }),
    };
    const { code, stderr } = await fresh(files, database, ['--', 'npm', 'run', '--silent', 'fill']);
    expect(code).toBe(3);
    expect(stderr).toMatch(new RegExp(`error: \\S+/sql\\.js:4 connects to database "${database}"`));
    expect(await askDatabase(database, 'SELECT content FROM marker')).toEqual([{ content: 'old' }]);
  });

  it('runs what the configuration names, and its seed with --seed alone; knex is not loaded', async () => {
    const database = await scratch.database();
    const files = {
      'knexfile.js': `throw new Error('loaded');`,
      '.pg-evictrc.json': JSON.stringify({
        fresh: {
          command: 'node sql.js "CREATE TABLE made ()"',
          seed: 'node sql.js "CREATE TABLE seeded ()"',
        },
      }),
    };
    expect(await fresh(files, database, [])).toMatchObject({ code: 0 });
    expect(await tables(database)).toEqual(['made']);
    expect(await fresh(files, database, ['--seed'])).toMatchObject({ code: 0 });
    expect(await tables(database)).toEqual(['made', 'seeded']);
    const dry = await fresh(files, database, ['--seed', '--dry-run', '--json']);
    expect(JSON.parse(dry.stdout)).toMatchObject({ ran: [expect.any(String), expect.any(String)] });
  });

  it.each([
    [['--seed', '--', 'true'], '--seed has nothing to run'],
    [['--', 'no-such-command'], 'There is no command no-such-command'],
    [['--'], 'the command is missing after "--"'],
  ])('%s is refused before anything is done', async (args, message) => {
    const database = await scratch.database();
    const { code, stderr } = await fresh({}, database, args);
    expect(stderr).toContain(message);
    expect(code).toBe(2);
    expect(await tables(database)).toEqual(['marker']);
  });
});

async function fresh(
  files: Readonly<Record<string, string>>,
  database: string,
  args: readonly string[],
): Promise<CliResult> {
  const folder = writeProject(fixture.project.directory, { 'sql.js': runSql, ...files });
  return runCli(['fresh', '-y', ...args], { DATABASE_URL: serverUrl({ database }) }, folder);
}
