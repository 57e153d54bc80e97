import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { serverUrl, withClient } from '../../support/server.js';
import { inVersion } from '../../support/cli/archive-version.js';
import { contentOf, describeWithTools } from '../../support/cli/dump-tools.js';
import { startCli, type CliResult } from '../../support/cli/run-cli.js';
import { useRestore } from '../../support/cli/spoilt-database.js';

const { scratch, dumps, hasTools } = useRestore();

let source = '';
let folder = '';
let contents = Buffer.alloc(0);
beforeAll(async () => {
  if (!hasTools) return;
  source = serverUrl({ database: await scratch.database() });
  await withClient(source, async (client) =>
    client.query(
      `CREATE TABLE t (id serial PRIMARY KEY, a text); INSERT INTO t (a) VALUES (E'a\\\\b\\n'), (NULL); CREATE INDEX ON t (a);
       CREATE VIEW v AS SELECT count(*) AS odd_name_that_is_long FROM t; CREATE MATERIALIZED VIEW m AS SELECT 1 AS a;
       CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'; COMMENT ON TABLE t IS 'x'; GRANT SELECT ON t TO PUBLIC;
       SELECT lo_from_bytea(4712, 'large')`,
    ),
  );
  folder = dumps.dump(source, 'archive', '-Fd');
  contents = readFileSync(join(folder, 'toc.dat'));
});

/** The directory with another table of contents, and a pg_restore that reads the first one if it is too old for it. */
function archiveOf(version: number, toc: Buffer): { dump: string; path: string } {
  const dump = dumps.path(`archive-${version}`);
  cpSync(folder, dump, { recursive: true });
  writeFileSync(join(dump, 'toc.dat'), toc);
  // Up to 1.15 the list of large objects has one name; after that, one in each entry.
  const list = readdirSync(folder).find((name) => /^blobs_\d+\.toc$/.test(name));
  if (version < 16 && list !== undefined) copyFileSync(join(folder, list), join(dump, 'blobs.toc'));
  const usual = process.env['PATH'] ?? '';
  if (version <= (contents[6] as number)) return { dump, path: usual };
  const programs = dumps.path(`programs-${version}`);
  mkdirSync(programs, { recursive: true });
  const real = execFileSync('sh', ['-c', 'command -v pg_restore'], { encoding: 'utf8' }).trim();
  writeFileSync(
    join(programs, 'pg_restore'),
    `#!/bin/sh\nfor word in "$@"; do shift; case "$word" in ${dump}) word=${folder};; esac; set -- "$@" "$word"; done\nexec ${real} "$@"\n`,
  );
  chmodSync(join(programs, 'pg_restore'), 0o755);
  return { dump, path: `${programs}:${usual}` };
}

async function restoreOf(url: string, version: number, toc: Buffer): Promise<CliResult> {
  const { dump, path } = archiveOf(version, toc);
  const args = ['restore', dump, '--yes', '--jobs', '2'];
  return startCli(args, { DATABASE_URL: url, PATH: path }).result;
}

describeWithTools('the table of contents of an archive', () => {
  test.each([
    [12, '9.0'],
    [13, '11'],
    [14, '15'],
    [15, '16'],
    [16, '18'],
  ])('is examined in version 1.%i of the format, as pg_dump %s writes it', async (version) => {
    const url = serverUrl({ database: await scratch.database() });
    const toc = inVersion(version, contents);
    expect(toc[6]).toBe(version);
    expect(await restoreOf(url, version, toc)).toMatchObject({ code: 0, stderr: '' });
    expect(contentOf(url)).toBe(contentOf(source));
    const at = toc.indexOf('CREATE VIEW');
    toc.write('ALTER SYSTEM RESET ALL;'.padEnd(toc.readUInt32LE(at - 4)), at);
    const { stderr } = await restoreOf(url, version, toc);
    expect(stderr).toContain('--jobs has no effect: each statement is examined, because of "VIEW v"');
  });

  test('is not examined in a version that is not known: each statement is', async () => {
    const url = serverUrl({ database: await scratch.database() });
    const { code, stderr } = await restoreOf(url, 17, inVersion(17, contents));
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: expect.stringContaining('its table of contents could not be examined'),
    });
    expect(contentOf(url)).toBe(contentOf(source));
  });

  test('is left to pg_restore where the schema public has another owner, and is not made', async () => {
    const owner = await scratch.role();
    const other = serverUrl({ database: await scratch.database() });
    await withClient(other, async (client) =>
      client.query(`CREATE TABLE t (a int); ALTER SCHEMA public OWNER TO ${owner}`),
    );
    const dump = dumps.dump(other, 'owner-of-public', '-Fc');
    const url = serverUrl({ database: await scratch.database() });
    const args = ['restore', dump, '--yes', '--jobs', '2'];
    const { code, stderr } = await startCli(args, { DATABASE_URL: url }).result;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(contentOf(url)).toBe(contentOf(other));
  });
});
