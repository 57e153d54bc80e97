import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCli } from '../../support/cli/run-cli.js';
import { markerOf } from '../../support/core/target.js';
import { useOwnServer } from '../../support/own-server.js';
import { Scratch } from '../../support/scratch.js';
import { ask, databaseExists, serverUrl } from '../../support/server.js';

const scratch = new Scratch();
afterAll(async () => scratch.cleanUp());
// What has expired is dropped by whatever command comes next on a server.
useOwnServer();

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pg-evict-mistakes-'));
});
afterAll(async () => rm(folder, { recursive: true }));

/** The run's server by an address that is not one of this machine's own names for itself. */
function remote(database: string): string {
  const url = new URL(serverUrl({ database }));
  url.hostname = '0.0.0.0';
  return url.href;
}

interface Situation {
  readonly args: (database: string) => readonly string[];
  readonly env?: (database: string) => Readonly<Record<string, string>>;
  /** What stands in the folder in which it is run. */
  readonly files?: (database: string) => Readonly<Record<string, string>>;
}

async function inSituation({ args, env, files }: Situation, database: string) {
  for (const [name, text] of Object.entries(files?.(database) ?? {}))
    await writeFile(join(folder, name), text);
  const variables = env?.(database) ?? { DATABASE_URL: serverUrl({ database }) };
  try {
    return await runCli(args(database), variables, folder);
  } finally {
    for (const name of Object.keys(files?.(database) ?? {})) await rm(join(folder, name));
  }
}

const otherDump = 'CREATE TABLE of_another_project (a int);\n--\n-- PostgreSQL database dump complete\n--\n';

describe('refused, and nothing is lost:', () => {
  test.each<[string, Situation]>([
    [
      'DATABASE_URL of another machine with --yes',
      { args: () => ['recreate', '--yes'], env: (name) => ({ DATABASE_URL: remote(name) }) },
    ],
    [
      'DATABASE_URL of another machine without a terminal',
      { args: () => ['drop'], env: (name) => ({ DATABASE_URL: remote(name) }) },
    ],
    ['--env production --yes', { args: () => ['recreate', '--env', 'production', '--yes'] }],
    [
      'NODE_ENV=prod with --yes',
      {
        args: () => ['recreate', '--yes'],
        env: (database) => ({ DATABASE_URL: serverUrl({ database }), NODE_ENV: 'prod' }),
      },
    ],
    [
      'a coding agent that types --yes',
      {
        args: () => ['drop', '--yes'],
        env: (database) => ({ DATABASE_URL: serverUrl({ database }), AI_AGENT: 'some-agent' }),
      },
    ],
    ['--confirm in other capitals', { args: (name) => ['drop', '--confirm', name.toUpperCase()] }],
    [
      '--confirm with a letter that only looks alike',
      { args: (name) => ['drop', '--confirm', name.replace('d', 'ԁ')] },
    ],
    ['the name in other capitals', { args: (name) => ['drop', name.toUpperCase(), '--yes'] }],
    [
      'the arguments of restore the other way round',
      { args: (name) => ['restore', 'a.dump', name, '--yes'] },
    ],
  ])('%s', async (_what, situation) => {
    const database = await scratch.database();
    const { code } = await inSituation(situation, database);
    expect([2, 3, 7]).toContain(code);
    expect(await markerOf(database)).toBe('old');
  });
});

describe('undone by one command:', () => {
  test.each<[string, Situation]>([
    [
      "--confirm in an alias, against another machine's server",
      { args: (name) => ['recreate', '--confirm', name], env: (name) => ({ DATABASE_URL: remote(name) }) },
    ],
    [
      'the wrong port in the shell, with the database named',
      { args: (name) => ['recreate', name, '--confirm', name], env: () => portOf(serverUrl()) },
    ],
    [
      'NODE_ENV=production, with the database named',
      {
        args: (name) => ['recreate', name, '--confirm', name],
        env: () => ({ DATABASE_URL: serverUrl(), NODE_ENV: 'production' }),
      },
    ],
    [
      'a configuration copied from another project',
      {
        args: (name) => ['recreate', '--confirm', name],
        env: () => ({ DATABASE_URL: 'postgres://localhost:1/mine' }),
        files: (database) => ({
          '.pg-evictrc.json': JSON.stringify({ connection: serverUrl({ database }) }),
        }),
      },
    ],
    [
      '--config with a file that lacks the protect list',
      {
        args: (name) => ['recreate', '--confirm', name, '--config', 'other.json'],
        files: (database) => ({
          '.pg-evictrc.json': JSON.stringify({ protect: [database] }),
          'other.json': '{}',
        }),
      },
    ],
    [
      'a pattern of protect that does not match',
      {
        args: (name) => ['recreate', '--confirm', name],
        files: () => ({ '.pg-evictrc.json': JSON.stringify({ protect: ['prod*', 'PROD*'] }) }),
      },
    ],
    [
      'the dump of another project',
      {
        args: (name) => ['restore', name, 'other.sql', '--confirm', name],
        files: () => ({ 'other.sql': otherDump }),
      },
    ],
  ])('%s', async (_what, situation) => {
    const database = await scratch.database();
    const done = await inSituation(situation, database);
    expect(done).toMatchObject({ code: 0 });
    expect(await markerOf(database)).toBeUndefined();
    const { code } = await runCli(['undo', database, '--yes'], { DATABASE_URL: serverUrl() });
    expect(code).toBe(0);
    expect(await markerOf(database)).toBe('old');
  });
});

describe('a way to the server that looks as if it were on this machine', () => {
  let way: Server;
  let socketFolder: string;
  beforeAll(async () => {
    socketFolder = await mkdtemp(join(tmpdir(), 'pg-evict-way-'));
    const { hostname, port } = new URL(serverUrl());
    way = createServer((client) => {
      const server = connect(Number(port), hostname);
      client.on('error', () => server.destroy()).pipe(server);
      server.on('error', () => client.destroy()).pipe(client);
    });
    way.listen(join(socketFolder, '.s.PGSQL.5432'));
  });
  afterAll(async () => {
    way.close();
    await rm(socketFolder, { recursive: true });
  });

  /** Libpq's variables for the way through the socket, as a service of a file or by themselves. */
  const ways: Readonly<Record<string, (database: string) => Promise<Record<string, string>>>> = {
    'a forwarded Unix socket': async (database) => {
      const { username, password } = new URL(serverUrl());
      return {
        PGHOST: socketFolder,
        PGUSER: username,
        PGPASSWORD: decodeURIComponent(password),
        PGDATABASE: database,
      };
    },
    'PGSERVICE, and a file that leads to a tunnel': async (database) => {
      const { username, password, port } = new URL(serverUrl());
      const file = join(socketFolder, 'pg_service.conf');
      const secret = decodeURIComponent(password);
      const lines = [
        '[prod]',
        'host=127.0.0.1',
        `port=${port}`,
        `user=${username}`,
        `password=${secret}`,
        `dbname=${database}`,
      ];
      await writeFile(file, lines.join('\n'));
      return { PGSERVICE: 'prod', PGSERVICEFILE: file };
    },
    '?service= in the URL': async (database) => {
      const { PGSERVICEFILE = '' } =
        (await ways['PGSERVICE, and a file that leads to a tunnel']?.(database)) ?? {};
      return { DATABASE_URL: 'postgres:///?service=prod', PGSERVICEFILE };
    },
  };

  test.each(Object.keys(ways))('%s: refused where a role gives a managed service away', async (what) => {
    const database = await scratch.database();
    const env = (await ways[what]?.(database)) ?? {};
    await ask('CREATE ROLE rds_superuser');
    try {
      const refused = await runCli(['recreate', '--yes'], env, folder);
      expect(refused).toMatchObject({ code: 3, stderr: expect.stringContaining('Amazon RDS') });
    } finally {
      await ask('DROP ROLE rds_superuser');
    }
    expect(await markerOf(database)).toBe('old');
  });

  test.each(Object.keys(ways))(
    '%s: else as on this machine; where it was named, one undo brings it back',
    async (what) => {
      const database = await scratch.database();
      const env = (await ways[what]?.(database)) ?? {};
      expect((await runCli(['recreate', '--confirm', database], env, folder)).code).toBe(0);
      expect(await markerOf(database)).toBeUndefined();
      expect((await runCli(['undo', '--yes'], env, folder)).code).toBe(0);
      expect(await markerOf(database)).toBe('old');
    },
  );
});

test("the shell's DATABASE_URL before that of .env: the question says where it comes from", async () => {
  const database = await scratch.database();
  const situation: Situation = {
    args: () => ['recreate', '--confirm', database],
    files: () => ({
      '.env': 'DATABASE_URL=postgres://localhost:1/mine\n',
      // As with dotenv, a variable that is set stays as it is.
      '.pg-evictrc.cjs':
        'process.loadEnvFile(`${__dirname}/.env`); module.exports = { connection: process.env.DATABASE_URL };',
    }),
  };
  const plan = await inSituation({ ...situation, args: () => ['doctor'] }, database);
  expect(plan.stdout).toMatch(/^database .* from .*\.pg-evictrc\.cjs$/m);
  expect(await inSituation(situation, database)).toMatchObject({ code: 0 });
  expect((await runCli(['undo', database, '--yes'], { DATABASE_URL: serverUrl() })).code).toBe(0);
  expect(await markerOf(database)).toBe('old');
});

function portOf(url: string): Record<string, string> {
  const { port, username, password } = new URL(url);
  return { PGPORT: port, PGHOST: '127.0.0.1', PGUSER: username, PGPASSWORD: decodeURIComponent(password) };
}

test('a name that ends in a space is a new database, and the other stays', async () => {
  const database = await scratch.database();
  const spaced = scratch.forget(`${database} `);
  const { code } = await runCli(['recreate', spaced, '--if-not-exists', '--yes'], {
    DATABASE_URL: serverUrl(),
  });
  expect(code).toBe(0);
  expect([await databaseExists(spaced), await markerOf(database)]).toEqual([true, 'old']);
});

test('the wrong port with --yes, which keeps nothing: the content is lost', async () => {
  const database = await scratch.database();
  expect(await runCli(['recreate', database, '--yes'], portOf(serverUrl()))).toMatchObject({ code: 0 });
  expect(await markerOf(database)).toBeUndefined();
  expect((await runCli(['undo', database, '--yes'], { DATABASE_URL: serverUrl() })).code).toBe(7);
});

test('a confirmed drop is for good, and with --undo it is not', async () => {
  const [lost, kept] = [await scratch.database(), await scratch.database()];
  await runCli(['drop', lost, '--confirm', lost], { DATABASE_URL: serverUrl() });
  await runCli(['drop', kept, '--confirm', kept, '--undo', '1h'], { DATABASE_URL: serverUrl() });
  expect((await runCli(['undo', lost, '--yes'], { DATABASE_URL: serverUrl() })).code).toBe(7);
  expect((await runCli(['undo', kept, '--yes'], { DATABASE_URL: serverUrl() })).code).toBe(0);
  expect(await markerOf(kept)).toBe('old');
});
