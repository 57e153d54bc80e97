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

(hasTerminal ? describe : describe.skip)('on a terminal', () => {
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
