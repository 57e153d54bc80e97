import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { bin, cliEnvironment, runCli } from '../../support/cli/run-cli.js';
import { Scratch } from '../../support/scratch.js';
import { serverUrl, uniqueName } from '../../support/server.js';

const scratch = new Scratch();
afterAll(async () => scratch.cleanUp());

/** A machine that runs tests is not one that somebody types on. */
const patient = { PG_EVICT_COMPLETION_MS: '20000' };

async function completed(
  words: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<string[]> {
  const { code, stderr, stdout } = await runCli(['__complete', 'zsh', ...words], { ...patient, ...env });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.split('\t', 1)[0] ?? '');
}

describe('the candidates of the completion', () => {
  test.each([
    [['re'], ['recreate', 'restore', 'rename']],
    [
      ['drop', '--co'],
      ['--config', '--confirm'],
    ],
    [['drop', '--ro'], ['--rollback-prepared']],
    [['ls', '--root'], ['--root-blockers']],
    [
      ['completion', ''],
      ['bash', 'zsh', 'fish'],
    ],
    [['help', 'do'], ['doctor']],
    [
      ['sessions', '--state', 'id'],
      ['idle', 'idle in transaction', 'idle in transaction (aborted)'],
    ],
    [['sessions', '--state=ac'], ['--state=active']],
    [['drop', '--config', ''], [':files']],
    [['restore', 'app', 'x'], [':files']],
    [['run', 'app', '--', 'ps'], [':files']],
    [['drop', '--host', ''], ['']],
    [['nonsense', ''], ['']],
    [['sweep', ''], ['']],
  ])('for %j: %j', async (words, expected) => {
    expect(await completed(words)).toEqual(expected);
  });

  test('no option that is declared is missing, and no command', async () => {
    const { stdout } = await runCli(['help', 'terminate'], { COLUMNS: '120' });
    const declared = [...stdout.matchAll(/^ {2}(?:-\w, )?(--[\w-]+)/gm)].map(([, flag]) => flag);
    expect(new Set(await completed(['terminate', '--']))).toEqual(new Set(declared));
    const { stdout: overview } = await runCli(['--help'], { COLUMNS: '120' });
    const [, list = ''] = overview.split('Commands:\n');
    const commands = [...list.matchAll(/^ {2}([a-z]+) /gm)].map(([, name]) => name);
    expect(await completed([''])).toEqual(commands);
  });
});

describe('names of databases', () => {
  test('come from the server, wherever one may stand', async () => {
    const prefix = uniqueName('complete');
    const database = await scratch.database(`${prefix} with a space`);
    const env = { DATABASE_URL: serverUrl() };
    for (const words of [
      ['drop', prefix],
      ['run', prefix],
      ['rename', prefix],
      ['create', 'x', '--template', prefix],
      ['drop', '--confirm', prefix],
      ['drop', '--grace', '5s', '-y', prefix],
    ]) {
      expect({ words, offered: await completed(words, env) }).toEqual({ words, offered: [database] });
    }
    expect(await completed(['drop', `--confirm=${prefix}`], env)).toEqual([`--confirm=${database}`]);
    expect(await completed(['drop', '-d', serverUrl(), prefix])).toEqual([database]);
    const { hostname, port, username, password } = new URL(serverUrl());
    const words = ['drop', '-h', hostname, '-p', port, '-U', username, prefix];
    expect(await completed(words, { PGPASSWORD: password })).toEqual([database]);
  });

  test('are empty, silently and soon, if the server does not answer', async () => {
    const silent = createServer(() => undefined);
    await new Promise<void>((listening) => silent.listen(0, '127.0.0.1', listening));
    const { port } = silent.address() as { port: number };
    try {
      for (const url of [
        `postgres://u:p@127.0.0.1:${port}/x`,
        'postgres://u:p@127.0.0.1:1/x',
        'nonsense://',
      ]) {
        const result = await runCli(['__complete', 'fish', 'drop', ''], { DATABASE_URL: url });
        expect(result).toEqual({ code: 0, stdout: '', stderr: '' });
      }
    } finally {
      silent.close();
    }
  });
});

describe('the scripts', () => {
  const folder = mkdtempSync(join(tmpdir(), 'pg-evict-completion-'));
  const command = join(folder, 'pg-evict');
  writeFileSync(command, `#!/bin/sh\nexec '${process.execPath}' '${bin}' "$@"\n`);
  chmodSync(command, 0o755);
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });
  const shell = (file: string, args: readonly string[], script: string): string => {
    const env = cliEnvironment({ ...patient, DATABASE_URL: serverUrl() });
    env['PATH'] = `${folder}${delimiter}${env['PATH'] ?? ''}`;
    const { stdout, stderr, status } = spawnSync(file, [...args, script], { encoding: 'utf8', env });
    expect({ file, status, stderr }).toEqual({ file, status: 0, stderr: '' });
    return stdout;
  };
  const isThere = (file: string): boolean => spawnSync(file, ['-c', 'true']).status === 0;
  for (const file of ['bash', 'zsh', 'fish']) {
    if (!isThere(file)) process.stderr.write(`\n!!! No ${file} here: its completion is SKIPPED.\n\n`);
  }
  const describeIn = (file: string): jest.Describe => (isThere(file) ? describe : describe.skip);

  describeIn('bash')('bash', () => {
    test('completes commands, options, databases with spaces, and files', async () => {
      const prefix = uniqueName('bash');
      const database = await scratch.database(`${prefix} x`);
      const complete = (line: string, word: string): string =>
        shell(
          'bash',
          ['--norc', '-c'],
          `eval "$(pg-evict completion bash)"; COMP_LINE='${line}'; COMP_POINT=\${#COMP_LINE}
         _pg_evict pg-evict '${word}' x; printf '%s\\n' "\${COMPREPLY[@]}"`,
        );
      expect(complete('pg-evict re', 're')).toBe('recreate\nrestore\nrename\n');
      expect(complete('pg-evict drop --conf', '--conf')).toBe('--config\n--confirm\n');
      expect(complete(`pg-evict drop ${prefix}`, prefix)).toBe(`'${database}'\n`);
      expect(complete(`pg-evict drop --confirm=${prefix}`, prefix)).toBe(`'${database}'\n`);
      expect(complete(`pg-evict restore app ${folder}/pg-`, `${folder}/pg-`)).toBe(`${command}\n`);
    });
  });

  describeIn('zsh')('zsh', () => {
    test('takes the script', () => {
      const script = `autoload -U compinit; compinit -u -D; eval "$(pg-evict completion zsh)"; print $_comps[pg-evict]`;
      expect(shell('zsh', ['-f', '-c'], script)).toBe('_pg_evict\n');
    });
  });

  describeIn('fish')('fish', () => {
    test('completes commands, options and databases', async () => {
      const prefix = uniqueName('fish');
      const database = await scratch.database(`${prefix} x`);
      const complete = (line: string): string =>
        shell('fish', ['--no-config', '-c'], `pg-evict completion fish | source; complete -C '${line}'`);
      expect(complete('pg-evict ren')).toBe(
        'rename\tterminate the other sessions of a database and rename it\n',
      );
      expect(complete('pg-evict drop --uns')).toMatch(/^--unset-template\t/);
      expect(complete(`pg-evict drop ${prefix}`)).toBe(`${database}\tdatabase\n`);
    });
  });

  test('an unknown shell is refused', async () => {
    const { code, stderr } = await runCli(['completion', 'tcsh']);
    expect(code).toBe(2);
    expect(stderr).toMatch(/bash, zsh, fish/);
  });
});
