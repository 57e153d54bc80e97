import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Scratch } from '../scratch.js';
import { ask, quote, serverUrl, uniqueName, withClient } from '../server.js';
import { useServerForTools } from './dump-tools.js';
import { runCli, type CliResult } from './run-cli.js';

const rowCount = 5000;

/** What the table `orders` holds when it was dumped, and after it was spoilt. */
export const sent = [{ state: 'sent', count: rowCount }];
export const spoilt = [{ state: 'spoilt', count: rowCount }];

/** What a test file of restores works with; all of it is gone when that is over. */
export interface RestoreFixture {
  readonly scratch: Scratch;
  readonly dumps: { readonly path: (name: string) => string; readonly dump: typeof pgDump };
  /** A database with a table, a view and a sequence, of which a dump is made; then the table is spoilt. */
  readonly spoiltDatabase: (
    dump: (url: string) => void,
    options?: SpoiltOptions,
  ) => Promise<{ database: string; url: string }>;
  /** Whether dumps can be made. */
  readonly hasTools: boolean;
}

interface SpoiltOptions {
  readonly name?: string;
  readonly owner?: string;
  readonly sql?: string;
}

/** A server that pg_dump works with, a folder for dumps, and databases, for one test file. */
export function useRestore(): RestoreFixture {
  const scratch = new Scratch();
  afterAll(async () => scratch.cleanUp());
  const dumps = useDumps();
  const { areThere } = useServerForTools();
  return {
    scratch,
    dumps,
    spoiltDatabase: async (dump, options) => spoiltDatabase(scratch, dump, options),
    hasTools: areThere,
  };
}

async function spoiltDatabase(
  scratch: Scratch,
  dump: (url: string) => void,
  { name = uniqueName('db'), owner, sql = '' }: SpoiltOptions = {},
): Promise<{ database: string; url: string }> {
  const database = scratch.forget(name);
  await ask(`CREATE DATABASE ${quote(database)} ${owner === undefined ? '' : `OWNER ${quote(owner)}`}`);
  const url = serverUrl(owner === undefined ? { database } : { database, user: owner, password: owner });
  await withClient(url, async (client) =>
    client.query(
      `CREATE TABLE orders (id serial PRIMARY KEY, state text DEFAULT E'it''s \\\\ new');
       INSERT INTO orders (state) SELECT 'sent' FROM generate_series(1, ${rowCount});
       CREATE VIEW "all of them" AS SELECT * FROM orders; ${sql}`,
    ),
  );
  dump(url);
  await withClient(url, async (client) => client.query(`UPDATE orders SET state = 'spoilt'`));
  return { database, url };
}

/** What the table holds now. */
export async function statesOf(url: string): Promise<unknown[]> {
  return withClient(url, async (client) => {
    const { rows } = await client.query('SELECT state, count(*)::int FROM orders GROUP BY state');
    return rows;
  });
}

function useDumps(): RestoreFixture['dumps'] {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'pg-evict-restore-'));
  });
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });
  const path = (name: string): string => join(folder, name);
  return { path, dump: (url, name, ...options) => pgDump(url, path(name), ...options) };
}

/** Makes a dump; returns its path. */
function pgDump(url: string, file: string, ...options: readonly string[]): string {
  execFileSync('pg_dump', [...options, `--file=${file}`, `--dbname=${url}`]);
  return file;
}

/** Private databases that are there now. */
export async function privateDatabases(): Promise<unknown[]> {
  return ask(`SELECT datname FROM pg_database WHERE datname LIKE 'pg\\_evict\\_%'`);
}

/** Runs `pg-evict restore` on the database of a URL. */
export async function restore(url: string, ...args: readonly string[]): Promise<CliResult> {
  return runCli(['restore', ...args], { DATABASE_URL: url });
}

/** That nothing has happened to a database, and nothing is left beside it. */
export async function expectUntouched(url: string): Promise<void> {
  expect(await statesOf(url)).toEqual(spoilt);
  expect(await privateDatabases()).toEqual([]);
}

/** Puts lines into a plain dump, far behind its top. */
export function insertLate(dump: string, lines: string): void {
  const text = readFileSync(dump, 'utf8');
  const end = text.lastIndexOf('--\n-- PostgreSQL database dump complete');
  writeFileSync(
    dump,
    `${text.slice(0, end)}${`-- ${'x'.repeat(1000)}\n`.repeat(400)}${lines}\n${text.slice(end)}`,
  );
}
