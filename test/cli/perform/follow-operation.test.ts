import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { hasTerminal, runOnTerminal } from '../../support/cli/run-on-terminal.js';
import { runCli } from '../../support/cli/run-cli.js';
import { Scratch } from '../../support/scratch.js';
import { serverUrl } from '../../support/server.js';
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
        const { code, output } = await runOnTerminal(args, { env, columns: 120 });
        const said = new RegExp(`Waiting for ${session.pid} \\(postgres[^)]*\\) \\(\\d s\\)`);
        const text = stripVTControlCharacters(output);
        const isSaid = said.test(text) ? 'said' : text;
        if (code !== 0) await session.close();
        return [command, code, isSaid, await session.ended];
      }),
    );
    expect(outcomes).toEqual(Object.keys(commands).map((command) => [command, 0, 'said', '57P01']));
  }, 60_000);

  test('what is over in a moment shows no time', async () => {
    const database = await scratch.database();
    const { output } = await runOnTerminal(['sessions'], { env: { DATABASE_URL: serverUrl({ database }) } });
    expect(stripVTControlCharacters(output)).not.toContain('Waiting');
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

  // All of them at once: they do nothing but wait.
  test('every command that waits for sessions says for whom, in one plain line on stderr', async () => {
    const outcomes = await Promise.all(
      Object.keys(commands).map(async (command) => {
        const { code, lines, pid } = await waited(command, 6);
        const said = new RegExp(`^pg-evict: waiting for ${pid} \\(postgres[^)]*\\), \\d+ s so far$`);
        return [command, code, lines.length, lines.every((line) => said.test(line))];
      }),
    );
    expect(outcomes).toEqual(Object.keys(commands).map((command) => [command, 0, 1, true]));
  }, 60_000);

  test('it is said again after ten seconds; stdout of --json is one document; --quiet says nothing', async () => {
    const [long, json, quiet, short] = await Promise.all([
      waited('recreate', 15),
      waited('recreate', 4, ['--json']),
      waited('recreate', 4, ['--quiet']),
      waited('recreate', 0),
    ]);
    expect([long, json, quiet, short].map(({ code, lines }) => [code, lines.length])).toEqual([
      [0, 2],
      [0, 1],
      [0, 0],
      [0, 0],
    ]);
    expect(JSON.parse(json.stdout)).toMatchObject({ command: 'recreate', terminated: [{ pid: json.pid }] });
  }, 60_000);
});
