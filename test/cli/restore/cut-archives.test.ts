import { cpSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { serverUrl, withClient } from '../../support/server.js';
import { describeWithTools } from '../../support/cli/dump-tools.js';
import { runCli } from '../../support/cli/run-cli.js';
import { useRestore } from '../../support/cli/spoilt-database.js';

const { scratch, dumps, hasTools } = useRestore();
const rows = 3000;

let source = '';
beforeAll(async () => {
  if (!hasTools) return;
  source = serverUrl({ database: await scratch.database() });
  await withClient(source, async (client) =>
    client.query(
      `CREATE TABLE t (id int, a text); INSERT INTO t SELECT n, repeat('x', 50) FROM generate_series(1, ${rows}) n;
       CREATE TABLE e (a int); SELECT lo_from_bytea(4713, '')`,
    ),
  );
});

const count = async (database: string): Promise<unknown> =>
  withClient(serverUrl({ database }), async (client) => {
    const { rows: found } = await client.query<{ t: string | null }>(`SELECT to_regclass('t') AS t`);
    if (found[0]?.t === null) return 'the old content';
    return (await client.query<{ n: number }>('SELECT count(*)::int AS n FROM t')).rows[0]?.n;
  });

/** Restores a dump; returns the exit code, the message, and what the database has then. */
async function restored(dump: string): Promise<{ code: number | null; stderr: string; has: unknown }> {
  const database = await scratch.database();
  const { code, stderr } = await runCli(['restore', database, dump, '--yes'], {
    DATABASE_URL: serverUrl({ database }),
  });
  return { code, stderr, has: await count(database) };
}

const isRefused = (part: RegExp): object => ({
  code: 2,
  stderr: expect.stringMatching(
    new RegExp(`is cut off: ${part.source}[^]*Nothing was changed[^]*Create it again`),
  ) as string,
  has: 'the old content',
});

describeWithTools('a dump that is cut off', () => {
  test.each([0.1, 0.5, 0.9, 0.97])('as a tar, after %p of its bytes, is refused', async (part) => {
    const file = dumps.dump(source, `tar-${part}`, '-Ft');
    truncateSync(file, Math.round(readFileSync(file).length * part));
    expect(await restored(file)).toMatchObject(isRefused(/it (?:has \d+ of the \d+ bytes|ends before)/));
  });

  test('as a tar between two of its files is refused', async () => {
    const file = dumps.dump(source, 'tar-mark', '-Ft');
    truncateSync(file, readFileSync(file).length - 1024);
    expect(await restored(file)).toMatchObject(isRefused(/it ends before the mark/));
  });

  test.each([
    ['gzip', [], /\.dat\.gz$/],
    ['nothing', ['-Z0'], /\d\.dat$/],
    ['nothing, of INSERT', ['-Z0', '--inserts'], /\d\.dat$/],
  ] as const)(
    'as a directory compressed by %s, of which a file is empty, is refused',
    async (name, flags, which) => {
      const folder = dumps.dump(source, `empty-${name}`, '-Fd', ...flags);
      const data = readdirSync(folder).filter((file) => which.test(file) && !file.startsWith('blob'));
      // That of the table of each database of a test, too.
      expect(data).toHaveLength(3);
      for (const file of data) {
        const dump = `${folder}-${file}`;
        cpSync(folder, dump, { recursive: true });
        writeFileSync(join(dump, file), '');
        expect(await restored(dump)).toMatchObject(isRefused(new RegExp(`the file ${file} is empty`)));
      }
    },
  );

  test.each([
    ['COPY', []],
    ['INSERT', ['--inserts']],
  ] as const)('as a directory whose rows, written by %s, end too early is refused', async (name, flags) => {
    const folder = dumps.dump(source, `rows-${name}`, '-Fd', '-Z0', ...flags);
    const file = readdirSync(folder).find((one) => readFileSync(join(folder, one)).includes('xxx')) ?? '';
    const text = readFileSync(join(folder, file), 'latin1');
    writeFileSync(join(folder, file), text.slice(0, text.indexOf('\n', text.length / 2) + 1));
    expect(await restored(folder)).toMatchObject(isRefused(/the file \d+\.dat, with rows of table "t"/));
  });

  test('as a directory that lacks a file is refused', async () => {
    const folder = dumps.dump(source, 'lacks', '-Fd');
    const file = readdirSync(folder).find((one) => /^\d+\.dat\.gz$/.test(one)) ?? '';
    rmSync(join(folder, file));
    expect(await restored(folder)).toMatchObject(isRefused(/there is no file \d+\.dat/));
  });

  test('as a custom one fails with the remedy, and the old content stays', async () => {
    const file = dumps.dump(source, 'custom', '-Fc');
    truncateSync(file, readFileSync(file).length - 2000);
    expect(await restored(file)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('Create it again, and check that pg_dump succeeded.') as string,
      has: 'the old content',
    });
  });
});

describeWithTools('a complete dump', () => {
  test.each([
    ['tar', ['-Ft']],
    ['directory', ['-Fd']],
    ['uncompressed directory', ['-Fd', '-Z0']],
    ['directory of INSERT', ['-Fd', '-Z0', '--inserts']],
    ['directory without rows', ['-Fd', '--schema-only']],
  ] as const)('as a %s is restored, with empty tables and empty large objects', async (name, flags) => {
    const dump = dumps.dump(source, `whole-${name}`, ...flags);
    const has = name === 'directory without rows' ? 0 : rows;
    expect(await restored(dump)).toMatchObject({ code: 0, has });
  });

  test('as a directory whose files were unpacked is restored', async () => {
    const folder = dumps.dump(source, 'unpacked', '-Fd');
    for (const file of readdirSync(folder).filter((one) => one.endsWith('.gz'))) {
      writeFileSync(join(folder, file.slice(0, -3)), gunzipSync(readFileSync(join(folder, file))));
      rmSync(join(folder, file));
    }
    expect(await restored(folder)).toMatchObject({ code: 0, has: rows });
  });
});
