import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { runOnTerminal } from '../../support/cli/run-on-terminal.js';
import { hasTerminal } from '../../support/terminal.js';
import { runCli } from '../../support/cli/run-cli.js';
import { Scratch } from '../../support/scratch.js';
import { quote, serverUrl } from '../../support/server.js';
import { openSession } from '../../support/sessions.js';

const scratch = new Scratch();
const directory = mkdtempSync(join(tmpdir(), 'pg-evict-waiting-'));
const dump = join(directory, 'dump.sql');
writeFileSync(
  dump,
  '--\n-- PostgreSQL database dump\n--\nCREATE TABLE t ();\n--\n-- PostgreSQL database dump complete\n--\n',
);
afterAll(async () => {
  await scratch.cleanUp();
  rmSync(directory, { recursive: true });
});

const commands: Record<string, (database: string, other: string) => readonly string[]> = {
  recreate: (database) => ['recreate', database, '--yes'],
  drop: (database) => ['drop', database, '--yes'],
  rename: (database) => ['rename', database, scratch.newName('to')],
  clone: (database) => ['clone', database, scratch.newName('to')],
  swap: (database, other) => ['swap', database, other],
  run: (database) => ['run', database],
  fresh: (database) => ['fresh', database, '--yes'],
  restore: (database) => ['restore', database, dump, '--yes'],
  undo: (database) => ['undo', database, '--yes'],
  terminate: (database) => ['terminate', database, '--user', 'postgres'],
};
const child: Partial<Record<string, readonly string[]>> = { run: ['--', 'true'], fresh: ['--', 'true'] };

(hasTerminal ? describe : describe.skip)('on a terminal', () => {
  // All of them at once: they do nothing but wait.
  test('every command that waits for sessions says for whom, and for how long', async () => {
    const outcomes = await Promise.all(
      Object.entries(commands).map(async ([command, words]) => {
        const database = await scratch.database();
        const other = command === 'swap' ? await scratch.database() : '';
        const env = { DATABASE_URL: serverUrl({ database }) };
        if (command === 'undo') await runCli(['recreate', database, '--yes', '--undo', '1h'], env);
        const session = await openSession(serverUrl({ database }));
        const args = [...words(database, other), '--grace', '6s', ...(child[command] ?? [])];
        const { code, text } = await runOnTerminal(args, { env, columns: 120 });
        const said = new RegExp(`Waiting for ${session.pid} \\(postgres[^)]*\\) \\(\\d+ s\\)`);
        const isSaid = said.test(text) ? 'said' : text;
        if (code !== 0) await session.close();
        return [command, code, isSaid, await session.ended];
      }),
    );
    expect(outcomes).toEqual(Object.keys(commands).map((command) => [command, 0, 'said', '57P01']));
  });

  test('a copy reports its progress', async () => {
    const database = await scratch.database();
    const holder = await openSession(serverUrl());
    await holder.client.query(`BEGIN; COMMENT ON DATABASE ${quote(database)} IS 'held'`);
    const { code, text } = await runOnTerminal(['clone', database, scratch.newName('to')], {
      env: { DATABASE_URL: serverUrl({ database }) },
      steps: [{ after: 'Copying', type: '', and: () => void holder.client.query('ROLLBACK') }],
    });
    await holder.close();
    expect(code).toBe(0);
    expect(text).toMatch(/Copying(?:: (?:about )?\d+ \w+ of)? \d+ [kM]B/);
  });

  test.each(['plain', 'compressed'])('a restore says how much of a %s dump the server has', async (kind) => {
    const database = await scratch.database();
    const file = join(directory, `${kind}.sql`);
    const padding = `-- ${'x'.repeat(100)}\n`.repeat(5000);
    const script = `--\n-- PostgreSQL database dump\n--\n\n--\n-- Data for Name: slow; Type: TABLE DATA; Schema: public; Owner: -\n--\nCREATE TABLE slow ();\nSELECT pg_sleep(3);\n${padding}--\n-- PostgreSQL database dump complete\n--\n`;
    writeFileSync(file, kind === 'plain' ? script : gzipSync(script));
    const { code, text } = await runOnTerminal(['restore', database, file, '--yes'], {
      env: { DATABASE_URL: serverUrl({ database }) },
      columns: 160,
    });
    expect(code).toBe(0);
    // All of the file is read while the server sleeps.
    expect(text).toMatch(/\d+ \w+ of \d+ \w+ \(0 %\), \d+\.\d s/);
  });

  test('an operation that takes a moment shows no time', async () => {
    const database = await scratch.database();
    const { text } = await runOnTerminal(['sessions'], { env: { DATABASE_URL: serverUrl({ database }) } });
    expect(text).not.toContain('Waiting');
  });
});

describe('elsewhere, such as in a log', () => {
  /** How a command ends for which somebody leaves a database after a grace, and what it prints. */
  const waited = async (
    command: string,
    graceS: number,
    flags: readonly string[] = [],
  ): Promise<{ code: number | null; lines: string[]; pid: number; stdout: string }> => {
    const database = await scratch.database();
    const other = command === 'swap' ? await scratch.database() : '';
    const env = { DATABASE_URL: serverUrl({ database }) };
    if (command === 'undo') await runCli(['recreate', database, '--yes', '--undo', '1h'], env);
    const session = await openSession(serverUrl({ database }));
    const words = commands[command]?.(database, other) ?? [];
    const args = [...words, '--grace', `${graceS}s`, ...flags, ...(child[command] ?? [])];
    const { code, stderr, stdout } = await runCli(args, env);
    await session.close().catch(() => undefined);
    const lines = stderr.split('\n').filter((line) => /waiting for/i.test(line));
    return { code, lines, pid: session.pid, stdout };
  };

  /** How many seconds lines say that have passed; nothing where one is not as it should be. */
  const secondsOf = (lines: readonly string[], pid: number): number[] => {
    const said = new RegExp(`^pg-evict: waiting for ${pid} \\(postgres[^)]*\\), (\\d+) s so far$`);
    const seconds = lines.map((line) => Number(said.exec(line)?.[1]));
    return seconds.every((each) => each >= 2) ? seconds : [];
  };

  // All of them at once: they do nothing but wait.
  test('every command that waits for sessions says for whom, in a plain line on stderr', async () => {
    const outcomes = await Promise.all(
      Object.keys(commands).map(async (command) => {
        const { code, lines, pid } = await waited(command, 6);
        return [command, code, secondsOf(lines, pid).length > 0];
      }),
    );
    expect(outcomes).toEqual(Object.keys(commands).map((command) => [command, 0, true]));
  });

  test('the line is repeated after ten seconds; stdout of --json is one document; --quiet prints nothing', async () => {
    const [long, json, quiet] = await Promise.all([
      waited('recreate', 20),
      waited('recreate', 4, ['--json']),
      waited('recreate', 4, ['--quiet']),
    ]);
    const [first = 0, second = 0] = secondsOf(long.lines, long.pid);
    expect(second - first).toBeGreaterThanOrEqual(10);
    expect(secondsOf(json.lines, json.pid)).not.toEqual([]);
    expect(JSON.parse(json.stdout)).toMatchObject({ command: 'recreate', terminated: [{ pid: json.pid }] });
    expect([quiet.code, quiet.lines]).toEqual([0, []]);
  });

  test('an operation that takes a moment prints nothing about waiting', async () => {
    expect(await waited('recreate', 0)).toMatchObject({ code: 0, lines: [] });
  });
});
