import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { useOwnServer } from '../../support/own-server.js';
import { Scratch } from '../../support/scratch.js';
import { serverUrl } from '../../support/server.js';
import { bin, cliEnvironment, runCli } from '../../support/cli/run-cli.js';

const scratch = new Scratch();
const folders: string[] = [];
afterAll(async () => {
  for (const folder of folders) rmSync(folder, { recursive: true });
  await scratch.cleanUp();
});
useOwnServer();

function createProject(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'pg-evict-configured-'));
  folders.push(folder);
  for (const [name, text] of Object.entries({ 'package.json': '{}', ...files })) {
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

test('the configuration names the database; --config and --env choose; what is protected is refused', async () => {
  const [first, second] = [await scratch.database(), await scratch.database()];
  const url = (database: string): string => JSON.stringify(serverUrl({ database }));
  const project = createProject({
    'pg-evict.config.ts': `const protect: string[] = ['${second}'];
      export default ({ env }: { env: string }) => ({ connection: env === 'test' ? ${url(second)} : ${url(first)}, protect })`,
    'other.json': `{ "connection": ${url(second)} }`,
  });
  const databaseOf = async (...args: string[]): Promise<unknown> => {
    const { stdout, stderr } = await runCli(['sessions', '--json', ...args], {}, project);
    expect(stderr).toBe('');
    return (JSON.parse(stdout) as { database: string }).database;
  };
  expect(await databaseOf()).toBe(first);
  expect(await databaseOf('--env', 'test')).toBe(second);
  expect(await databaseOf('--config', 'other.json')).toBe(second);

  const refused = await runCli(['drop', '--env', 'test', '--yes'], {}, project);
  expect(refused.code).toBe(3);
  expect(refused.stderr).toContain(second);
  expect((await runCli(['drop', '--yes'], {}, project)).code).toBe(0);
});

test('an error in a configuration exits with 2, and names file, path and a suggestion', async () => {
  const project = createProject({ 'pg-evict.config.json': `{ "sessions": { "grace": 5 } }` });
  const { code, stderr } = await runCli(['sessions', 'x'], {}, project);
  expect(code).toBe(2);
  expect(stderr).toContain(
    'pg-evict.config.json: "sessions.grace" is not a setting (did you mean "graceMs"?)',
  );
});

test('doctor says where each value comes from', async () => {
  const database = await scratch.database();
  const { username } = new URL(serverUrl());
  const project = createProject({
    'pg-evict.config.json': JSON.stringify({
      connection: serverUrl({ database }),
      admin: { user: username, password: new URL(serverUrl()).password },
      maintenanceDatabase: 'postgres',
      protect: [{ database: 'prod*', host: 'db' }],
    }),
  });
  const { code, stdout } = await runCli(['doctor'], {}, project);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^host .* from .*pg-evict\.config\.json$/m);
  expect(stdout).toMatch(/^admin +postgres from .*pg-evict\.config\.json$/m);
  expect(stdout).toMatch(/^protect +prod\* on db from .*pg-evict\.config\.json$/m);
  const json = await runCli(['doctor', '--json'], {}, project);
  expect(JSON.parse(json.stdout)).toMatchObject({
    configuration: {
      env: 'development',
      sources: { protect: expect.stringContaining('pg-evict.config.json') },
    },
  });
});

test('init writes a configuration that works, once; --dry-run writes none', async () => {
  const database = await scratch.database();
  const project = createProject({ '.env': `DATABASE_URL=${serverUrl({ database })}\n` });
  const shown = await runCli(['init', '--dry-run'], {}, project);
  expect(shown.stdout).toContain('module.exports');
  expect(readdirSync(project)).not.toContain('pg-evict.config.cjs');

  const { code, stdout } = await runCli(['init'], {}, project);
  expect({ code, stdout }).toEqual({
    code: 0,
    stdout: 'Wrote pg-evict.config.cjs.\n.env: its DATABASE_URL is used, and not copied\n',
  });
  const text = readFileSync(join(project, 'pg-evict.config.cjs'), 'utf8');
  expect(text).not.toContain(new URL(serverUrl()).password);
  const used = await runCli(['sessions', '--json'], {}, project);
  expect(JSON.parse(used.stdout)).toMatchObject({ database });

  const again = await runCli(['init'], {}, project);
  expect(again.code).toBe(2);
  expect(again.stderr).toContain('There is a configuration already');
  expect(readFileSync(join(project, 'pg-evict.config.cjs'), 'utf8')).toBe(text);
});

test('a command run with the database held logs in as the application, not as admin', async () => {
  const role = await scratch.role();
  const database = await scratch.database(undefined, `OWNER "${role}"`);
  const admin = new URL(serverUrl());
  const connection = new URL(serverUrl({ database }));
  Object.assign(connection, { username: role, password: role });
  const project = createProject({
    'pg-evict.config.json': JSON.stringify({
      connection: connection.href,
      admin: { user: admin.username, password: admin.password },
    }),
  });
  const { code, stdout, stderr } = await runCli(
    [
      'run',
      '--quiet',
      '--',
      process.execPath,
      '-p',
      'process.env.PGUSER + " " + new URL(process.env.DATABASE_URL).username',
    ],
    {},
    project,
  );
  expect({ code, stderr, stdout }).toEqual({ code: 0, stderr: '', stdout: `${role} ${role}\n` });
});

test.each(['sessions app', 'recreate app --yes', 'init'])(
  'a folder that was removed meanwhile is named as the reason: %s',
  (words) => {
    const { status, stdout, stderr } = spawnSync(
      'sh',
      ['-c', 'rmdir "$PWD" && exec "$@"', 'sh', process.execPath, bin, ...words.split(' ')],
      { cwd: mkdtempSync(join(tmpdir(), 'pg-evict-gone-')), env: cliEnvironment(), encoding: 'utf8' },
    );
    expect({ status, stdout, stderr }).toEqual({
      status: 2,
      stdout: '',
      stderr: 'error: The working directory does not exist any more.\nhint: Change to another one: cd.\n',
    });
  },
);
