import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, readdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { ask, quote, until, withClient } from '../../support/server.js';
import { openSession } from '../../support/sessions.js';
import { describeWithTools } from '../../support/cli/dump-tools.js';
import { runCliJson, startCli } from '../../support/cli/run-cli.js';
import {
  expectUntouched,
  insertLate,
  privateDatabases,
  restore,
  sent,
  spoilt,
  statesOf,
  useRestore,
} from '../../support/cli/spoilt-database.js';

const { scratch, dumps, spoiltDatabase } = useRestore();

describeWithTools('a restore that fails', () => {
  test.each(['-Fc', '-Fp'])(
    'halfway, for a role that is missing (%s): the old database is there, its sessions too, and what helps is said',
    async (format) => {
      let dump = '';
      const owner = await scratch.role();
      const { database, url } = await spoiltDatabase(
        (from) => (dump = dumps.dump(from, `owner${format}.dump`, format)),
        { sql: `ALTER TABLE orders OWNER TO ${quote(owner)}` },
      );
      await withClient(url, async (client) => client.query(`REASSIGN OWNED BY ${quote(owner)} TO postgres`));
      await ask(`DROP ROLE ${quote(owner)}`);
      const session = await openSession(url);
      const { code, stdout, stderr } = await restore(url, dump, '--yes');
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      const problem = `role "${owner}" does not exist`;
      expect(stderr).toMatch(
        new RegExp(
          `^error: Database "${database}" was not restored; the old one is still there: .*${problem}`,
          'm',
        ),
      );
      // What pg_restore said stands before that, whole.
      expect(stderr).toMatch(
        format === '-Fc'
          ? new RegExp(`^pg_restore: error: .*${problem}[^]*^error: Database`, 'm')
          : /line \d+, ALTER TABLE public\.orders OWNER TO/,
      );
      expect(stderr).toMatch(/^hint: .*--no-owner --no-acl/m);
      expect((await session.client.query('SELECT DISTINCT state FROM orders')).rows).toEqual([
        { state: 'spoilt' },
      ]);
      await session.close();
      await expectUntouched(url);
      if (format === '-Fp') return;
      expect(await restore(url, dump, '--yes', '--', '--no-owner', '--no-acl')).toMatchObject({ code: 0 });
      expect(await statesOf(url)).toEqual(sent);
    },
  );

  test('is one JSON document, with the first error of the program', async () => {
    let dump = '';
    const { database, url } = await spoiltDatabase((from) => (dump = dumps.dump(from, 'late.sql')));
    insertLate(dump, `INSERT INTO public.orders VALUES ('no number');`);
    const { code, document } = await runCliJson(['restore', dump, '--yes'], { DATABASE_URL: url });
    expect(code).toBe(1);
    expect(document).toMatchObject({
      error: { code: 'UNEXPECTED', database, message: expect.stringContaining('invalid input syntax') },
    });
    await expectUntouched(url);
  });

  test('is the program’s own, even if it did not read the rest of the dump', async () => {
    let dump = '';
    const { url } = await spoiltDatabase((from) => (dump = dumps.dump(from, 'early.sql')));
    const rest = `-- ${'x'.repeat(96)}\n`.repeat(100_000);
    writeFileSync(dump, `SELECT 'no number'::int;\n${rest}${readFileSync(dump, 'utf8')}`);
    const { code, stderr } = await restore(url, dump, '--yes');
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error: .*invalid input syntax for type integer/m);
    await expectUntouched(url);
  });

  test('because the server is older than the dump: the hint names versions that fit together', async () => {
    let dump = '';
    const { url } = await spoiltDatabase((from) => (dump = dumps.dump(from, 'newer.sql')));
    writeFileSync(dump, readFileSync(dump, 'utf8').replace('SET lock_timeout', 'SET timeout_of_tomorrow'));
    const { code, stderr } = await restore(url, dump, '--yes');
    expect(code).toBe(1);
    expect(stderr).toContain('unrecognized configuration parameter "timeout_of_tomorrow"');
    expect(stderr).toMatch(/^hint: .*newer major than the server/m);
    await expectUntouched(url);
  });

  test.each([
    ['custom', '-Fc'],
    ['tar', '-Ft'],
    ['directory', '-Fd'],
    ['plain', '-Fp'],
    ['plain, at the end of a statement', '-Fp'],
    ['plain within gzip', '-Fp'],
  ])('because the dump is cut off (%s): the old database stays', async (what, format) => {
    let dump = '';
    const { url } = await spoiltDatabase((from) => {
      dump = dumps.dump(from, `cut ${what}`, format);
    });
    if (format === '-Fd') {
      const data = readdirSync(dump).find((name) => name.endsWith('.dat.gz')) ?? '';
      truncateSync(join(dump, data), 100);
    } else {
      const bytes = readFileSync(dump);
      const end = what.includes('statement') ? bytes.lastIndexOf(';\n') + 2 : bytes.length * 0.6;
      const part = bytes.subarray(0, end);
      // Cut within what is compressed, and far behind what is looked at before.
      writeFileSync(dump, what.includes('gzip') ? gzipSync(bytes).subarray(0, -40) : part);
    }
    const { code, stderr } = await restore(url, dump, '--yes');
    expect(code).not.toBe(0);
    expect(stderr).toMatch(
      ['-Fp', '-Ft'].includes(format) ? /cut off|broken|to its end|lacks the comment/ : /pg_restore: error/,
    );
    expect(stderr).toMatch(/[Cc]reate it again|to its end|lacks the comment/);
    await expectUntouched(url);
  });

  test('because a program reports no error and has not restored: the error names the missing objects', async () => {
    let dump = '';
    const { url } = await spoiltDatabase((from) => (dump = dumps.dump(from, 'lie.dump', '-Fc')));
    const folder = dumps.path('liar');
    mkdirSync(folder);
    const real = execFileSync('sh', ['-c', 'command -v pg_restore'], { encoding: 'utf8' }).trim();
    const liar = join(folder, 'pg_restore');
    writeFileSync(liar, `#!/bin/sh\ncase $1 in --list) exec ${real} "$@";; esac\n`);
    chmodSync(liar, 0o755);
    const path = `${folder}:${process.env['PATH'] ?? ''}`;
    const { code, stderr } = await startCli(['restore', dump, '--yes'], { DATABASE_URL: url, PATH: path })
      .result;
    expect(code).toBe(1);
    expect(stderr).toMatch(/lacks public orders, public all of them, public orders_id_seq, which/);
    await expectUntouched(url);
  });

  test('because pg_restore is not installed: the hint says how to get it', async () => {
    let dump = '';
    const { url } = await spoiltDatabase((from) => (dump = dumps.dump(from, 'no tool.dump', '-Fc')));
    const { code, stderr } = await startCli(['restore', dump, '--yes'], {
      DATABASE_URL: url,
      PATH: dumps.path('nothing'),
    }).result;
    expect(code).toBe(2);
    expect(stderr).toContain('There is no command pg_restore');
    expect(stderr).toContain('postgresql-client');
    await expectUntouched(url);
  });
});

describeWithTools('an interrupted restore', () => {
  const slow = `CREATE FUNCTION slow(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN
      IF current_database() LIKE 'pg\\_evict\\_new\\_%' THEN PERFORM pg_sleep(600); END IF; RETURN $1; END $$;
    CREATE INDEX ON orders (slow(id))`;

  test.each([
    ['SIGINT', 'pg_restore', ['-Fc'], []],
    ['SIGTERM', 'pg_restore', ['-Fc'], ['--jobs', '2']],
    ['SIGINT', 'pg-evict', [], []],
    ['SIGHUP', 'pg-evict', [], []],
  ] as const)(
    '(%s, %s) leaves nothing half done and says so; no password is in sight while it runs',
    async (signal, program, options, args) => {
      let dump = '';
      const { database, url } = await spoiltDatabase(
        (from) => (dump = dumps.dump(from, 'slow.dump', ...options)),
        { sql: slow },
      );
      const session = await openSession(url);
      const running = startCli(['restore', dump, '--yes', ...args], { DATABASE_URL: url });
      const workers = async (): Promise<{ pid: number }[]> =>
        ask(`SELECT pid FROM pg_stat_activity WHERE application_name = $1 AND wait_event = 'PgSleep'`, [
          program,
        ]);
      await until(async () => (await workers()).length > 0, 'the restore to be in the middle');
      const processes = execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' });
      expect(processes).toMatch(
        program === 'pg_restore' ? /pg_restore .*--dbname=pg_evict_new_/ : /pg-evict/,
      );
      expect(processes).not.toContain(decodeURIComponent(new URL(url).password));
      running.process.kill(signal);
      const { code, stdout, stderr } = await running.result;
      expect({ code, stdout }).toEqual({ code: 130, stdout: '' });
      expect(stderr).toContain(
        `error: Aborted. Database "${database}" was not restored; the old one is still there.`,
      );
      expect(await workers()).toEqual([]);
      expect((await session.client.query('SELECT DISTINCT state FROM orders')).rows).toEqual([
        { state: 'spoilt' },
      ]);
      await session.close();
      await expectUntouched(url);
      expect(execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' })).not.toMatch(
        new RegExp(`^(?:\\S*/)?${program} .*${database}`, 'm'),
      );
    },
  );

  test('of which the process is killed: the next restore drops its leftovers', async () => {
    let dump = '';
    const { url } = await spoiltDatabase((from) => (dump = dumps.dump(from, 'killed.sql')), {
      sql: slow,
    });
    const running = startCli(['restore', dump, '--yes'], { DATABASE_URL: url });
    const workers = async (): Promise<{ pid: number }[]> =>
      ask(`SELECT pid FROM pg_stat_activity WHERE application_name = 'pg-evict' AND wait_event = 'PgSleep'`);
    await until(async () => (await workers()).length > 0, 'the restore to be in the middle');
    running.process.kill('SIGKILL');
    await running.result;
    expect(await statesOf(url)).toEqual(spoilt);
    expect(await privateDatabases()).toHaveLength(1);
    // Its backend is left behind, and sleeps.
    await ask(`SELECT pg_terminate_backend(pid) FROM unnest($1::int[]) pid`, [
      (await workers()).map(({ pid }) => pid),
    ]);
    await until(async () => (await workers()).length === 0, 'the sleeper to be gone');
    const quick = dumps.path('quick.sql');
    writeFileSync(quick, readFileSync(dump, 'utf8').replaceAll('pg_sleep(600)', 'pg_sleep(0)'));
    expect(await restore(url, quick, '--yes')).toMatchObject({ code: 0 });
    expect(await statesOf(url)).toEqual(sent);
    expect(await privateDatabases()).toEqual([]);
  });
});
