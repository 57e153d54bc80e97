import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { LeakedSession } from '@pg-evict/testing';
import { Scratch } from '../../support/scratch.js';
import { serverUrl, uniqueName, withClient } from '../../support/server.js';
import { runFixture } from '../../support/testing/leaks/run-fixture.js';
import { startTlsServer, type TlsServer } from '../../support/testing/leaks/tls-server.js';

interface Outcome {
  readonly pids: number[];
  readonly leaks: LeakedSession[];
  readonly text: string;
  readonly errors: string[];
  readonly openAfter: number;
}

const source = resolve(__dirname, '../../support/testing/leaks/fixtures/libraries.mjs');
const sourceLines = readFileSync(source, 'utf8').split('\n');

/** The line of the source that says it opens the session. */
function lineThatOpens(library: string): number {
  return sourceLines.findIndex((line) => line.endsWith(`// opens ${library}`)) + 1;
}

async function leak(...parameters: [string, string, string, string]): Promise<Outcome> {
  return runFixture<Outcome>('leak.mjs', parameters);
}

const libraries = [
  'pg Client',
  'pg Pool',
  'pg Pool, checked out, in a transaction',
  'pg Pool, a query that runs',
  'knex-1',
  'knex-2',
  'knex-3-1',
  'knex',
  'knex, a transaction',
  'postgres.js',
  'Sequelize',
  'TypeORM',
  'Drizzle',
  "Prisma's pg adapter",
  'kysely',
  'pg-promise',
];

const states: Readonly<Record<string, string>> = {
  'pg Pool, checked out, in a transaction': 'idle in transaction',
  'pg Pool, a query that runs': 'active',
  'knex, a transaction': 'idle in transaction',
};

/** What was told about the sessions that the server lists. */
function told({ leaks, errors, openAfter }: Outcome): object {
  const sessions = leaks.map(({ pid, state, socket }) => ({
    pid,
    state,
    during: socket?.openedDuring,
    file: socket?.lines[0]?.file,
    line: socket?.lines[0]?.line,
  }));
  return { sessions, errors, openAfter };
}

function expected(library: string, { pids }: Outcome): object {
  const [state, during, file] = [states[library] ?? 'idle', 'in "leaves it open"', source];
  const line = lineThatOpens(library.startsWith('knex-') ? 'knex' : library);
  const known = pids.length > 0 ? pids : ['at least one'];
  return { sessions: known.map((pid) => ({ pid, state, during, file, line })), errors: [], openAfter: 0 };
}

describe('a session left open by', () => {
  const scratch = new Scratch();
  afterAll(async () => scratch.cleanUp());

  it.each(libraries)(
    '%s is found with its line, and can be ended without the process noticing',
    async (library) => {
      const database = await scratch.database();
      const outcome = await leak(library, database, serverUrl({ database }), serverUrl());
      expect(told(outcome)).toEqual(expected(library, outcome));
    },
  );
});

describe('a session left open', () => {
  let tls: TlsServer;
  beforeAll(async () => {
    tls = await startTlsServer();
  });
  afterAll(async () => tls.stop());

  async function database(): Promise<string> {
    const name = uniqueName('leak');
    await withClient(tls.server.url, async (client) => client.query(`CREATE DATABASE ${name}`));
    return name;
  }

  it.each([
    'pg Client',
    'pg Pool',
    'knex-1',
    'knex',
    'Sequelize',
    'TypeORM',
    'Drizzle',
    "Prisma's pg adapter",
    'kysely',
    'pg-promise',
  ])('through TLS by %s is found and terminated in the same way', async (library) => {
    const name = await database();
    const url = new URL(tls.server.url);
    url.pathname = name;
    url.search = library === 'Sequelize' ? '?ssl=no-verify' : '?sslmode=no-verify';
    const outcome = await leak(library, name, url.href, tls.server.url);
    expect(told(outcome)).toEqual(expected(library, outcome));
  });

  it('through TLS by postgres.js is found and terminated in the same way', async () => {
    const name = await database();
    const url = new URL(tls.server.url);
    url.pathname = name;
    url.search = '?sslmode=require';
    const outcome = await leak('postgres.js', name, url.href, tls.server.url);
    expect(told(outcome)).toEqual(expected('postgres.js', outcome));
  });

  it.each([
    'pg Client',
    'pg Pool',
    'knex-1',
    'knex',
    'postgres.js',
    'TypeORM',
    'Drizzle',
    "Prisma's pg adapter",
    'kysely',
    'pg-promise',
  ])('through a Unix socket by %s is found by its backend, as it has no port', async (library) => {
    const name = await database();
    const outcome = await leak(library, name, tls.socketUrl(name), tls.server.url);
    expect(told(outcome)).toEqual(expected(library, outcome));
    expect(outcome.leaks[0]?.socket).toMatchObject({
      localPort: null,
      target: { path: expect.stringMatching(/\.s\.PGSQL\.\d+$/) as unknown },
    });
  });
});
