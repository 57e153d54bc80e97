import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Scratch } from '../../support/scratch.js';
import { ask, databaseExists, serverUrl } from '../../support/server.js';
import { openSession } from '../../support/sessions.js';
import { runCli, runCliJson } from '../../support/cli/run-cli.js';
import { runOnTerminal } from '../../support/cli/run-on-terminal.js';
import { hasTerminal } from '../../support/terminal.js';
import { useOwnServer } from '../../support/own-server.js';

const scratch = new Scratch();
afterAll(async () => scratch.cleanUp());
// A role of a managed service is one of the whole server.
useOwnServer();

const describeOnTerminal = hasTerminal ? describe : describe.skip;

/** The run's server by an address that is not one of this machine's own names for itself. */
function remoteUrl(database: string): string {
  const url = new URL(serverUrl({ database }));
  url.hostname = '0.0.0.0';
  return url.href;
}

/** Runs something in a folder of its own with a configuration. */
async function withConfiguration<T>(
  configuration: object,
  callback: (folder: string) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'pg-evict-confirm-'));
  try {
    await writeFile(join(folder, 'pg-evict.config.json'), JSON.stringify(configuration));
    return await callback(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** What terminates sessions and loses no data: each with its command line, and the name that confirms it. */
const ending = [
  ['create', (name: string) => ['create', `${name}_to`, '--template', name], (name: string) => `${name}_to`],
  ['rename', (name: string) => ['rename', name, `${name}_to`], (name: string) => name],
  ['clone', (name: string) => ['clone', name, `${name}_to`], (name: string) => name],
  ['run', (name: string) => ['run', name], (name: string) => name],
  ['terminate', (name: string) => ['terminate', name], (name: string) => name],
] as const;

const withCommand = (args: readonly string[]): string[] => (args[0] === 'run' ? ['--', 'true'] : []);

describe.each(ending)('%s', (command, argsOf, nameOf) => {
  test.each([
    ["another machine's server", (database: string) => ({ DATABASE_URL: remoteUrl(database) }), []],
    [
      'NODE_ENV=Production',
      (database: string) => ({ DATABASE_URL: serverUrl({ database }), NODE_ENV: 'Production' }),
      [],
    ],
    ['--env prod', (database: string) => ({ DATABASE_URL: serverUrl({ database }) }), ['--env', 'prod']],
  ])('%s: is done only with --confirm, and prints the command', async (_what, environment, options) => {
    const database = await scratch.database();
    scratch.forget(`${database}_to`);
    const env = environment(database);
    const args = [...argsOf(database), ...options];
    const session = await openSession(serverUrl({ database }));
    for (const yes of [[], ['--yes']]) {
      const { code, stderr } = await runCli([...args, ...yes, ...withCommand(args)], env);
      expect(code).toBe(3);
      const tail = withCommand(args).length === 0 ? '' : ' -- true';
      expect(stderr).toContain(`pg-evict ${args.join(' ')} --confirm ${nameOf(database)}${tail}\n`);
    }
    await session.client.query('SELECT FROM marker');
    const dryRun = await runCli([...args, '--dry-run', ...withCommand(args)], env);
    expect({ code: dryRun.code, stderr: dryRun.stderr }).toEqual({ code: 0, stderr: '' });
    await session.client.query('SELECT FROM marker');
    const done = await runCli([...args, '--confirm', nameOf(database), ...withCommand(args)], env);
    expect(done.code).toBe(0);
    expect(await session.ended).toBe('57P01');
  });

  test('on this machine it does not ask, a coding agent either', async () => {
    const database = await scratch.database();
    scratch.forget(`${database}_to`);
    const args = argsOf(database);
    const env = { DATABASE_URL: serverUrl({ database }), CLAUDECODE: '1', AI_AGENT: 'x' };
    const { code } = await runCli([...args, ...withCommand(args)], env);
    expect({ command, code }).toEqual({ command, code: 0 });
  });
});

describe('a server that only looks as if it were on this machine', () => {
  test('a managed service behind a tunnel needs the name, unless it is configured otherwise', async () => {
    const database = await scratch.database();
    const env = { DATABASE_URL: serverUrl({ database }) };
    await ask('CREATE ROLE rds_superuser');
    try {
      for (const args of [
        ['drop', '--yes'],
        ['recreate', '--yes'],
        ['terminate'],
        ['rename', `${database}_to`],
      ]) {
        const { code, document } = await runCliJson(args, env);
        expect({ args, code }).toEqual({ args, code: 3 });
        expect(document).toMatchObject({
          error: {
            code: 'REFUSED',
            message: expect.stringMatching(/leads to another machine: it is Amazon RDS or Aurora/),
            hint: expect.stringContaining(`--confirm ${database}`),
          },
        });
      }
      expect(await databaseExists(database)).toBe(true);
      await withConfiguration({ confirm: { tunnels: false } }, async (folder) => {
        expect((await runCli(['recreate', '--yes'], env, folder)).code).toBe(0);
      });
      expect((await runCli(['drop', '--confirm', database], env)).code).toBe(0);
    } finally {
      await ask('DROP ROLE rds_superuser');
    }
  });
});

describe('a coding agent', () => {
  test.each([
    ['CLAUDECODE', '1', 'Claude Code'],
    ['CURSOR_AGENT', '1', 'Cursor'],
    ['GEMINI_CLI', '1', 'Gemini CLI'],
    ['CODEX_SANDBOX', 'seatbelt', 'Codex'],
    ['OPENCODE', '1', 'OpenCode'],
    ['AI_AGENT', 'devin@1', 'devin@1'],
    ['AI_AGENT', '\u001B[31mx', 'an agent'],
    ['AGENT', 'goose', 'goose'],
  ])('%s=%s: --yes is not enough, and the message says to ask the user', async (variable, value, name) => {
    const database = await scratch.database();
    const env = { DATABASE_URL: serverUrl({ database }), [variable]: value };
    const { code, stderr } = await runCli(['recreate', '--yes'], env);
    expect(code).toBe(3);
    expect(stderr).toContain(`${name} runs this command (${variable} is set)`);
    expect(stderr).toContain('Ask your user first');
    expect(stderr).toContain(`pg-evict recreate --confirm ${database}`);
    expect((await runCli(['recreate', '--confirm', database], env)).code).toBe(0);
  });

  test.each([
    ['CLAUDECODE', ''],
    ['CLAUDECODE', '0'],
    ['CURSOR_TRACE_ID', 'a person typed this in the terminal of an editor'],
    ['AGENT', 'ssh-agent'],
    ['AI_AGENT', ''],
  ])('%s=%s is not recognised', async (variable, value) => {
    const database = await scratch.database();
    const env = { DATABASE_URL: serverUrl({ database }), [variable]: value };
    expect((await runCli(['drop', '--yes'], env)).code).toBe(0);
  });

  test('the configuration may say that it is enough', async () => {
    const database = await scratch.database();
    const env = { DATABASE_URL: serverUrl({ database }), CLAUDECODE: '1' };
    await withConfiguration({ confirm: { agents: false } }, async (folder) => {
      expect((await runCli(['drop', '--yes'], env, folder)).code).toBe(0);
    });
  });
});

describe('production', () => {
  test.each([
    'production',
    'Production',
    ' PRODUCTION ',
    'prod',
    'PROD',
    'prod1',
    'eu-prod',
    'production_eu',
    'live',
  ])('NODE_ENV=%s is production', async (environment) => {
    const database = await scratch.database();
    const env = { DATABASE_URL: serverUrl({ database }), NODE_ENV: environment };
    expect((await runCli(['drop', '--yes'], env)).code).toBe(3);
    expect(await databaseExists(database)).toBe(true);
  });

  test.each(['pre-prod', 'non-production', 'products', 'test', 'reproduction', ''])(
    'NODE_ENV=%s is not',
    async (environment) => {
      const database = await scratch.database();
      const env = { DATABASE_URL: serverUrl({ database }), NODE_ENV: environment };
      expect((await runCli(['drop', '--yes'], env)).code).toBe(0);
    },
  );
});

describe('an operation that cannot succeed fails before the question', () => {
  test.each([[[]], [['--yes']], [['--env', 'prod', '--yes']]])(
    'a missing database, with %j',
    async (options) => {
      const { code, stderr } = await runCli(['drop', 'nonexist', ...options], {
        DATABASE_URL: serverUrl({ database: 'postgres' }),
      });
      expect({ code, stderr }).toEqual({
        code: 7,
        stderr: expect.stringContaining('"nonexist" does not exist'),
      });
    },
  );

  test('a prepared transaction in the way, and a protected database', async () => {
    const database = await scratch.database();
    const env = { DATABASE_URL: serverUrl({ database }) };
    const session = await openSession(serverUrl({ database }));
    await session.client.query(`BEGIN; SELECT FROM marker; PREPARE TRANSACTION '${database}'`);
    expect((await runCli(['recreate'], env)).code).toBe(5);
    await session.client.query(`ROLLBACK PREPARED '${database}'`);
    await session.close();
    await runCli(['protect'], env);
    expect((await runCli(['recreate'], env)).stderr).toContain('protected');
    await runCli(['unprotect', '--yes'], env);
  });
});

describeOnTerminal('on a terminal', () => {
  test('the question says what it is about, and a mistyped name is shown', async () => {
    const database = await scratch.database();
    const env = { DATABASE_URL: remoteUrl(database) };
    const sessions = await Promise.all([1, 2].map(async () => openSession(serverUrl({ database }))));
    const { code, text } = await runOnTerminal(['recreate'], {
      env,
      columns: 200,
      steps: [{ after: 'Type the name', type: `${database}x\n` }],
    });
    const { host } = new URL(remoteUrl(database));
    expect(text).toMatch(
      new RegExp(
        `Recreate "${database}" on ${host} \\(\\d+ kB, 2 sessions\\)\\? Its data will be kept until [0-9: -]+, for pg-evict undo\\.`,
      ),
    );
    expect(text).toContain(`you typed "${database}x", and the database is "${database}"`);
    expect(code).toBe(3);
    for (const session of sessions) await session.close();
  });

  test('create --template says whose sessions are terminated', async () => {
    const template = await scratch.database();
    const database = `${template}_to`;
    scratch.forget(database);
    const session = await openSession(serverUrl({ database: template }));
    const { code, text } = await runOnTerminal(['create', database, '--template', template], {
      env: { DATABASE_URL: remoteUrl(template) },
      steps: [{ after: 'Type the name', type: `${template}\n` }],
    });
    const { host } = new URL(remoteUrl(database));
    expect(text).toContain(
      `Create "${database}" on ${host} as a copy of "${template}" (1 session)? The sessions of "${template}" will be terminated; its data stays.`,
    );
    expect(text).toContain(`you typed "${template}", and the database is "${database}"`);
    expect(code).toBe(3);
    expect(await databaseExists(database)).toBe(false);
    await session.close();
  });

  test.each(ending)('%s asks for the name on another machine', async (_command, argsOf, nameOf) => {
    const database = await scratch.database();
    scratch.forget(`${database}_to`);
    const args = argsOf(database);
    const session = await openSession(serverUrl({ database }));
    const run = async (type: string): Promise<number | null> =>
      (
        await runOnTerminal([...args, ...withCommand(args)], {
          env: { DATABASE_URL: remoteUrl(database) },
          steps: [{ after: 'Type the name', type }],
        })
      ).code;
    expect(await run('y\n')).toBe(3);
    await session.client.query('SELECT FROM marker');
    expect(await run(`${nameOf(database)}\n`)).toBe(0);
    expect(await session.ended).toBe('57P01');
  });
});
