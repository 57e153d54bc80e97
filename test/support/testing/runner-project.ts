import { execFile, type ExecFileException } from 'node:child_process';
import { symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ask, serverUrl, until } from '../server.js';
import { ownDatabases, type RunFixture } from './run-fixture.js';

/** How a run of tests has ended. */
export interface RunnerResult {
  readonly code: number;
  /** Both streams. */
  readonly output: string;
}

const schema = `
  const pg = require('pg');
  module.exports = {
    testing: {
      template: { setup: async (url) => {
        const client = new pg.Client(url);
        await client.connect();
        await client.query('CREATE TABLE t (id int); INSERT INTO t VALUES (1)');
        await client.end();
      } },
      ...TESTING
    },
  };`;

/** Of projects: a pool, how many rows there are, and which database that is. */
const database = `
  const pg = require('pg');
  const pool = new pg.Pool({ idleTimeoutMillis: 600_000 });
  const insert = () => pool.query('INSERT INTO t VALUES (2)');
  const count = async (of = pool) => (await of.query('SELECT count(*)::int AS n FROM t')).rows[0].n;
  module.exports = { pool, insert, count };`;

/** A project with tests for another runner than Jest: a table with one row as its template, and \`./database.cjs\`. */
export class RunnerProject {
  readonly folder: string;

  /** @param testing what the configuration says beside the template, as JavaScript */
  constructor(
    fixture: RunFixture,
    files: Readonly<Record<string, string>>,
    { testing = '{}', packages = [] }: { testing?: string; packages?: readonly string[] } = {},
  ) {
    this.folder = fixture.project({
      'pg-evict.config.cjs': schema.replace('TESTING', testing),
      'database.cjs': database,
      ...files,
    });
    for (const name of ['@pg-evict', ...packages]) {
      const installed = resolve(__dirname, '../../node_modules', name);
      symlinkSync(installed, join(this.folder, 'node_modules', name.replace(/-\d+$/, '')), 'junction');
    }
  }

  /** Runs a program of Node's; neither NODE_OPTIONS nor what Jest has set is handed on. */
  async run(
    parameters: readonly string[],
    { env = {}, execPath = process.execPath }: { env?: NodeJS.ProcessEnv; execPath?: string } = {},
  ): Promise<RunnerResult> {
    return new Promise((done) => {
      execFile(
        execPath,
        parameters,
        {
          cwd: this.folder,
          env: { PATH: process.env['PATH'], DATABASE_URL: serverUrl({ database: 'nowhere' }), ...env },
          timeout: 500_000,
        },
        (error: ExecFileException | null, stdout, stderr) => {
          const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
          done({ code, output: `${stdout}${stderr}` });
        },
      );
    });
  }
}

/** The databases of tests that an output names, each once. */
export const databasesIn = (output: string): string[] => [
  ...new Set(output.match(/pg_evict_test_[0-9a-z]{8}_[0-9a-f_]*[0-9a-f]/g)),
];

/** Waits until a run has left nothing on the server, neither databases nor sessions. */
export async function untilGone(output: string): Promise<void> {
  const [, run = 'none'] = /pg_evict_test_([0-9a-z]{8})_/.exec(output) ?? [];
  await until(
    async () => (await ownDatabases(`_test_${run}_`)).length === 0,
    `no database of run ${run} is left`,
  );
  await until(
    async () => (await ask('SELECT FROM pg_stat_activity WHERE strpos(datname, $1) > 0', [run])).length === 0,
    `no session of run ${run} is left`,
  );
}
