import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { bin, cliEnvironment, runCli, type CliResult } from '../../support/cli/run-cli.js';
import { markerOf } from '../../support/core/target.js';
import { useOwnServer } from '../../support/own-server.js';
import { Scratch } from '../../support/scratch.js';
import { ask, databaseExists, quote, serverUrl, until } from '../../support/server.js';

const scratch = new Scratch();
afterAll(async () => scratch.cleanUp());
// What has expired is dropped by whatever command comes next on a server.
useOwnServer();

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pg-evict-kept-'));
  const script = `#!/bin/sh\nexec '${process.execPath}' '${bin}' "$@"\n`;
  await writeFile(join(folder, 'pg-evict'), script, { mode: 0o755 });
});
afterAll(async () => rm(folder, { recursive: true }));

const run = async (...args: string[]): Promise<CliResult> =>
  runCli(args, { DATABASE_URL: serverUrl() }, folder);

/** With a configuration in the folder in which it runs. */
async function configured(undo: unknown, ...args: string[]): Promise<CliResult> {
  const file = join(folder, '.pg-evictrc.json');
  await writeFile(file, JSON.stringify({ undo }));
  try {
    return await run(...args);
  } finally {
    await rm(file);
  }
}

/** What is kept of a database. */
async function keptOf(database: string): Promise<string> {
  const [row] = await ask<{ name: string }>(
    `SELECT datname AS name FROM pg_database WHERE datname LIKE 'pg\\_evict\\_undo\\_%'
       AND strpos(shobj_description(oid, 'pg_database'), $1) > 0`,
    [JSON.stringify({ of: database }).slice(1, -1)],
  );
  return row?.name ?? '';
}

/** Runs a command as a person would who has copied it. */
async function copied(line: string, env: Readonly<Record<string, string>>): Promise<number | null> {
  return promisify(execFile)('sh', ['-c', line], {
    cwd: folder,
    env: { ...cliEnvironment(env), PATH: `${folder}:${process.env['PATH'] ?? ''}` },
  }).then(
    () => 0,
    ({ code }: { code: number }) => code,
  );
}

describe('the command that is printed', () => {
  test.each([['a plain name'], ['a name that begins with a hyphen'], ['a name with quotes']])(
    'leads to the same server, and back: %s',
    async (what) => {
      const plain = await scratch.database();
      const database = { 'a plain name': plain, 'a name with quotes': `${plain}'"` }[what] ?? `-${plain}`;
      scratch.forget(database);
      if (database !== plain) await ask(`ALTER DATABASE ${quote(plain)} RENAME TO ${quote(database)}`);
      const { hostname, password, port, username } = new URL(serverUrl());
      const secret = { PGPASSWORD: decodeURIComponent(password) };
      const server = ['-h', hostname, '-p', port, '-U', username, '--env', 'test'];
      const { stdout } = await runCli(
        ['recreate', ...server, '--confirm', database, '--', database],
        secret,
        folder,
      );
      const line = /: (pg-evict undo .*)$/m.exec(stdout)?.[1] ?? '';
      expect(line).toContain(`-p ${port} -U ${username} --env test`);
      expect(await copied(line.replace(/^pg-evict undo/, '$& --yes'), secret)).toBe(0);
      expect(await markerOf(database)).toBe('old');
    },
  );

  test('has no password in it', async () => {
    const database = await scratch.database();
    const { password } = new URL(serverUrl());
    const { stdout } = await runCli(['recreate', '-d', serverUrl({ database }), '--confirm', database]);
    expect(stdout).toMatch(new RegExp(`: pg-evict undo ${database} -d postgres`));
    expect(stdout).not.toContain(password);
  });
});

describe('how long and how large', () => {
  test('--undo keeps whatever the size, and so does an undo, also where the configuration has a limit', async () => {
    const database = await scratch.database();
    const { stdout } = await configured({ upTo: '1kB' }, 'recreate', database, '--confirm', database);
    expect(stdout).toMatch(/^The old content is not kept: it is larger \([0-9]+ kB\) than the limit of /m);
    await configured({ upTo: '1kB' }, 'recreate', database, '--yes', '--undo', '1h');
    const { stdout: undone } = await configured({ upTo: '1kB' }, 'undo', database, '--yes');
    expect(undone).toContain('is kept until');
  });

  test('with undo: false an undo puts back what others have kept, and says in its dry run that it keeps nothing', async () => {
    const database = await scratch.database();
    await run('recreate', database, '--yes', '--undo', '1h');
    expect((await configured(false, 'undo', database, '--dry-run')).stdout).not.toContain('kept');
    expect(await configured(false, 'undo', database, '--yes')).toMatchObject({ code: 0 });
    expect(await markerOf(database)).toBe('old');
    expect(await keptOf(database)).toBe('');
  });

  test.each([
    ['0', /--no-undo/],
    ['0s', /--no-undo/],
    ['99999999d', /hundred years/],
    ['5', /unit/],
  ])('--undo %s is refused before anything is done', async (duration, message) => {
    const { code, stderr } = await run('recreate', 'postgres_none', '--yes', '--undo', duration);
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
  });

  test('a configuration with an invalid duration is refused', async () => {
    const { code } = await configured({ for: '99999999d' }, 'drop', 'postgres_none', '--yes');
    expect(code).toBe(2);
  });

  test('--keep-old and --undo exclude each other', async () => {
    await writeFile(join(folder, 'a.sql'), '-- PostgreSQL database dump complete\n');
    const { code, stderr } = await run('restore', 'x', 'a.sql', '--keep-old', '--undo', '1h', '--yes');
    expect(code).toBe(2);
    expect(stderr).toContain('--keep-old and --undo');
  });
});

describe('the content that fresh replaces', () => {
  test('is kept where the database was named, and comes back', async () => {
    const database = await scratch.database();
    const named = await run('fresh', database, '--confirm', database, '--', 'true');
    expect(named).toMatchObject({ code: 0, stdout: expect.stringContaining(`pg-evict undo ${database}`) });
    expect(await markerOf(database)).toBeUndefined();
    expect((await run('undo', database, '--yes')).stdout).toContain('before fresh');
    expect(await markerOf(database)).toBe('old');
  });

  test('is kept in place only with --undo', async () => {
    const database = await scratch.database();
    await run('fresh', database, '--in-place', '--confirm', database, '--', 'true');
    expect(await keptOf(database)).toBe('');
    await run('fresh', database, '--in-place', '--yes', '--undo', '1h', '--', 'true');
    expect(await keptOf(database)).not.toBe('');
  });

  test('is kept as it is where the command fails', async () => {
    const database = await scratch.database();
    expect((await run('fresh', database, '--confirm', database, '--', 'false')).code).not.toBe(0);
    expect(await markerOf(database)).toBe('old');
    expect(await keptOf(database)).toBe('');
  });
});

describe('kept content, in doctor and sweep', () => {
  async function expired(): Promise<string> {
    const database = await scratch.database();
    await run('recreate', database, '--yes', '--undo', '1s');
    const name = await keptOf(database);
    await until(async () => {
      const passed = `SELECT WHERE extract(epoch FROM clock_timestamp()) > $1`;
      return (await ask(passed, [Number.parseInt(name.split('_')[4] ?? '', 36)])).length > 0;
    }, 'its time to be over');
    return name;
  }

  test('sweep --dry-run lists what has expired, and nothing else', async () => {
    const name = await expired();
    const other = await scratch.database();
    await run('recreate', other, '--dry-run', '--undo', '1h');
    const { stdout } = await run('sweep', '--dry-run');
    expect(stdout).toContain(`would drop ${name}`);
    expect(await databaseExists(name)).toBe(true);
    expect((await run('sweep')).stdout).toContain(`dropped ${name}`);
  });

  test('sweep and doctor --fix leave content of another role, and say whose it is', async () => {
    const name = await expired();
    const role = await scratch.role('CREATEDB');
    const url = new URL(serverUrl());
    [url.username, url.password] = [role, role];
    const { code, stdout } = await runCli(['doctor', '--fix'], { DATABASE_URL: url.href });
    expect({ code, stdout }).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('it belongs to role "postgres"'),
    });
    await runCli(['sweep'], { DATABASE_URL: url.href });
    expect(await databaseExists(name)).toBe(true);
    await run('sweep');
  });

  test('one whose comment was changed is left, and named by doctor', async () => {
    const name = await expired();
    await ask(`COMMENT ON DATABASE ${quote(name)} IS 'mine'`);
    const { stdout } = await run('doctor', '--fix');
    expect(stdout).toContain(`To drop it now: pg-evict drop ${name}`);
    expect(await databaseExists(name)).toBe(true);
    expect((await run('drop', name, '--yes')).code).toBe(0);
  });
});
