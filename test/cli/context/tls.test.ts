import { readFileSync, writeFileSync } from 'node:fs';
import { isPgEvictError, recreateDatabase, type ConnectionSettings } from '@pg-evict/core';
import { useOwnServer } from '../../support/own-server.js';
import { requireTls, type TlsFiles } from '../../support/require-tls.js';
import { Scratch } from '../../support/scratch.js';
import { serverUrl } from '../../support/server.js';
import { openSession } from '../../support/sessions.js';
import { runCli, type CliResult } from '../../support/cli/run-cli.js';

// A server that lets nobody in without TLS: whoever got in spoke it.
const scratch = new Scratch();
let files: TlsFiles;
afterAll(async () => scratch.cleanUp());
const server = useOwnServer();
beforeAll(async () => {
  files = await requireTls(server());
});
afterAll(() => files.remove());

const plain = (database: string, parameters = ''): string => {
  const url = new URL(serverUrl({ database }));
  url.search = parameters;
  return url.href;
};

/** libpq's variables for a database of the server, and what else is given. */
function libpq(database: string, others: Readonly<Record<string, string>>): Record<string, string> {
  const { hostname, port, username, password } = new URL(serverUrl());
  return {
    PGHOST: hostname,
    PGPORT: port,
    PGUSER: username,
    PGPASSWORD: decodeURIComponent(password),
    PGDATABASE: database,
    ...others,
  };
}

/** Recreates a database that a session is on. */
async function recreate(database: string, env: Readonly<Record<string, string>>): Promise<CliResult> {
  const session = await openSession(serverUrl({ database }));
  const result = await runCli(['recreate', '--yes', '--json'], env);
  await session.close();
  return result;
}

describe("libpq's variables mean what they mean to psql", () => {
  it.each<[string, () => Readonly<Record<string, string>>]>([
    ['require', () => ({ PGSSLMODE: 'require' })],
    ['require, verified', () => ({ PGSSLMODE: 'require', PGSSLROOTCERT: files.certificate })],
    [
      'verify-ca by another name',
      () => ({ PGSSLMODE: 'verify-ca', PGSSLROOTCERT: files.certificate, PGHOST: 'localhost' }),
    ],
    ['verify-full', () => ({ PGSSLMODE: 'verify-full', PGSSLROOTCERT: files.certificate })],
  ])('%s', async (_mode, variables) => {
    const database = await scratch.database();
    const { code, stdout } = await recreate(database, libpq(database, variables()));
    expect(JSON.parse(stdout)).toMatchObject({ database, terminated: [{ application: 'test idle' }] });
    expect(code).toBe(0);
  });

  it.each<[string, () => Readonly<Record<string, string>>, RegExp]>([
    ['no TLS', () => ({ PGSSLMODE: 'disable' }), /no encryption/],
    [
      'a certificate of somebody else',
      () => ({ PGSSLMODE: 'verify-full', PGSSLROOTCERT: files.otherCertificate }),
      /self-signed certificate|unable to verify/,
    ],
    [
      'a name that is not in the certificate',
      () => ({ PGSSLMODE: 'verify-full', PGSSLROOTCERT: files.certificate, PGHOST: 'localhost' }),
      /does not match certificate/,
    ],
  ])('%s cannot connect: exit code 6, with the reason', async (_what, variables, reason) => {
    const database = await scratch.database();
    const { code, stdout } = await recreate(database, libpq(database, variables()));
    expect(JSON.parse(stdout)).toMatchObject({
      error: { code: 'CONNECTION_FAILED', message: expect.stringMatching(reason) as unknown },
    });
    expect(code).toBe(6);
  });
});

describe('the parameters of a URL mean what they mean to node-postgres', () => {
  it.each<[string, () => string]>([
    ['no-verify', () => 'sslmode=no-verify'],
    ['verify-full with a root certificate', () => `sslmode=verify-full&sslrootcert=${files.certificate}`],
    ['require as libpq has it', () => 'uselibpqcompat=true&sslmode=require'],
  ])('%s', async (_mode, parameters) => {
    const database = await scratch.database();
    const { code, stderr } = await recreate(database, { DATABASE_URL: plain(database, parameters()) });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  it('require means verify-full, so an unknown certificate is refused', async () => {
    const database = await scratch.database();
    const { code, stdout } = await recreate(database, { DATABASE_URL: plain(database, 'sslmode=require') });
    expect(code).toBe(6);
    expect(stdout).toMatch(/self-signed certificate/);
  });
});

it('a plain dump is restored by a session with TLS', async () => {
  const database = await scratch.database();
  const env = libpq(database, { PGSSLMODE: 'verify-full', PGSSLROOTCERT: files.certificate });
  const dump = `${files.certificate}.sql`;
  const rows = 'x\n'.repeat(50_000);
  writeFileSync(
    dump,
    `CREATE TABLE t (a text);\nCOPY t FROM stdin;\n${rows}\\.\nSELECT a FROM t;\nSELECT 1/0;\n`,
  );
  const { code, stderr } = await runCli(['restore', dump, '--yes'], env);
  expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('SELECT 1/0: division') });
  writeFileSync(dump, readFileSync(dump, 'utf8').replace('SELECT 1/0;', ''));
  expect(await runCli(['restore', dump, '--yes'], env)).toMatchObject({ code: 0, stderr: '' });
});

describe('core', () => {
  it.each<[string, () => ConnectionSettings['ssl'], boolean]>([
    ['the certificate', () => ({ ca: readFileSync(files.certificate, 'utf8') }), true],
    ['no verification', () => ({ rejectUnauthorized: false }), true],
    ['true', () => true, false],
    ['false', () => false, false],
  ])('with %s as ssl', async (_what, ssl, works) => {
    const database = await scratch.database();
    const recreating = recreateDatabase({ connection: { connectionString: plain(database), ssl: ssl() } });
    const outcome = await recreating.then(
      ({ changed }) => changed,
      (error: unknown) => (isPgEvictError(error) ? error.code : error),
    );
    expect(outcome).toBe(works ? true : 'CONNECTION_FAILED');
  });
});
