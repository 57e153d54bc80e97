import { appendFileSync, chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Server } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { once } from 'node:events';
import { runCli, runCliJson } from '../../support/cli/run-cli.js';
import { useOwnServer } from '../../support/own-server.js';
import { requireTls, type TlsFiles } from '../../support/require-tls.js';
import { Scratch } from '../../support/scratch.js';
import { ask, serverUrl, until, withClient } from '../../support/server.js';
import { openSession } from '../../support/sessions.js';

const scratch = new Scratch();
afterAll(async () => scratch.cleanUp());

/** An address of this machine in a network; without one, no server can be anywhere else. */
const address = Object.values(networkInterfaces())
  .flat()
  .find((each) => each?.family === 'IPv4' && !each.internal)?.address;
const describeInNetwork = address === undefined ? describe.skip : describe;
if (address === undefined) {
  process.stderr.write('\n!!! This machine has no network: the tests of tunnels are SKIPPED.\n\n');
}

const folder = mkdtempSync(join(tmpdir(), 'pg-evict-ways-'));
chmodSync(folder, 0o777);
const server = useOwnServer({ listen_addresses: '*', unix_socket_directories: folder });
const tunnels: Server[] = [];
let port: string;
beforeAll(async () => {
  ({ port } = new URL(serverUrl()));
  appendFileSync(join(server().dataDirectory, 'pg_hba.conf'), '\nhost all all all scram-sha-256\n');
  await ask('SELECT pg_reload_conf()');
  const isLetIn = async (): Promise<boolean> =>
    withClient(at(address ?? '127.0.0.1'), async () => true).catch(() => false);
  await until(isLetIn, 'the server to let the network in');
});
afterAll(() => {
  for (const tunnel of tunnels) tunnel.close();
  rmSync(folder, { recursive: true });
});

/** The server by another host or port. */
function at(hostname: string, database = 'postgres', otherPort = port): string {
  const url = new URL(serverUrl({ database }));
  Object.assign(url, { hostname, port: otherPort });
  return url.href;
}

/** Something that forwards to the server at an address, as an SSH tunnel does, and listens on a port or a socket. */
async function tunnelTo(host: string, ...listenOn: [number, string] | [string]): Promise<string> {
  const tunnel = createServer((client) => {
    const upstream = connect(Number(port), host);
    client.on('error', () => upstream.destroy()).pipe(upstream);
    upstream.on('error', () => client.destroy()).pipe(client);
  });
  tunnel.listen(...(listenOn as [number, string]));
  tunnels.push(tunnel);
  await once(tunnel, 'listening');
  return String((tunnel.address() as AddressInfo).port);
}

const login = (database: string): Record<string, string> => {
  const { username, password } = new URL(serverUrl());
  return { PGUSER: username, PGPASSWORD: decodeURIComponent(password), PGDATABASE: database };
};

/** Whether the database has what it had at first. */
async function isAsItWas(database: string): Promise<boolean> {
  return withClient(serverUrl({ database }), async (client) => {
    const { rows } = await client.query<{ found: boolean }>(
      "SELECT to_regclass('marker') IS NOT NULL AS found",
    );
    return rows[0]?.found === true;
  });
}

type Way = (database: string) => Promise<Record<string, string>>;

/** The command sees only loopback, as on a machine that is not in the server's network. */
const onAnotherMachine = `--require ${resolve(__dirname, '../../support/cli/on-another-machine.cjs')}`;

const portTunnel = async (host: string): Promise<string> => tunnelTo(host, 0, '127.0.0.1');

/** Ways that end on another machine. */
const waysElsewhere = (parameters: string): Readonly<Record<string, Way>> => ({
  'a port forward': async (database) => ({
    DATABASE_URL: `${at('localhost', database, await portTunnel(address ?? '')).split('?')[0]}${parameters}`,
  }),
  'a forwarded Unix socket': async (database) => {
    const directory = mkdtempSync(join(folder, 'forwarded-'));
    await tunnelTo(address ?? '', join(directory, '.s.PGSQL.5432'));
    return { PGHOST: directory, ...login(database) };
  },
  'a service of a file': async (database) => {
    const file = join(folder, 'pg_service.conf');
    const { PGUSER = '', PGPASSWORD = '' } = login(database);
    const tls = parameters === '' ? [] : ['sslmode=require'];
    const lines = ['[app]', 'host=127.0.0.1', `port=${await portTunnel(address ?? '')}`, ...tls];
    writeFileSync(
      file,
      [...lines, `user=${PGUSER}`, `password=${PGPASSWORD}`, `dbname=${database}`].join('\n'),
    );
    return { PGSERVICE: 'app', PGSERVICEFILE: file };
  },
});

const refusal = {
  code: 'REFUSED',
  message: expect.stringContaining(
    `leads to another machine: the server says that its address is ${address ?? ''}`,
  ) as unknown,
};

/** Commands that lose data, or end sessions. */
const commands: readonly (readonly string[])[] = [
  ['recreate', '--yes'],
  ['rename', scratch.newName('to')],
  ['drop', '--yes'],
  ['fresh', '--yes', '--', 'true'],
  ['unprotect', '--yes'],
  ['terminate'],
  ['run', '--', 'true'],
];

/** What commands say, whether nobody was ended and nothing changed by them; and what becomes of it when the database is named. */
async function outcomesOf(way: Way, refused: typeof commands): Promise<object> {
  const database = await scratch.database();
  const env = { ...(await way(database)), NODE_OPTIONS: onAnotherMachine };
  const session = await openSession(serverUrl({ database }));
  const outcomes = await Promise.all(
    refused.map(async (args) => {
      const { code, document } = await runCliJson(args, env);
      return { args, code, document };
    }),
  );
  await session.client.query('SELECT');
  await session.close();
  const isUntouched = await isAsItWas(database);
  const named = await runCli(['recreate', '--confirm', database], env);
  return { outcomes, isUntouched, code: named.code, isReplaced: !(await isAsItWas(database)) };
}

const expected = (refused: typeof commands): object => ({
  outcomes: refused.map((args) => ({ args, code: 3, document: { error: refusal } })),
  isUntouched: true,
  code: 0,
  isReplaced: true,
});

/** What becomes of a database that is recreated with a yes. */
async function recreated(way: Way): Promise<object> {
  const database = await scratch.database();
  const { code, stderr } = await runCli(['recreate', '--yes', '--quiet'], await way(database));
  return { code, stderr, isReplaced: !(await isAsItWas(database)) };
}

const isDone = { code: 0, stderr: '', isReplaced: true };

/** Ways that end on this machine, or look exactly like it. */
const waysHere = (): Readonly<Record<string, Way>> => ({
  'its address of loopback': async (database) => Promise.resolve({ DATABASE_URL: at('127.0.0.1', database) }),
  'its own Unix socket': async (database) =>
    Promise.resolve({ PGHOST: folder, PGPORT: port, ...login(database) }),
  'its own Unix socket, from another network, as with one that a container shares': async (database) =>
    Promise.resolve({ PGHOST: folder, PGPORT: port, NODE_OPTIONS: onAnotherMachine, ...login(database) }),
  'a forward to an address of this machine': async (database) => ({
    DATABASE_URL: at('localhost', database, await portTunnel(address ?? '127.0.0.1')),
  }),
  "a tunnel that ends on the server's own host": async (database) => ({
    DATABASE_URL: at('localhost', database, await portTunnel('127.0.0.1')),
    NODE_OPTIONS: onAnotherMachine,
  }),
});

describe('without TLS', () => {
  describeInNetwork('a server on another machine is recognized:', () => {
    const ways = waysElsewhere('');
    test.each(Object.keys(ways))('%s', async (way) => {
      const few = commands.slice(0, 2);
      expect(await outcomesOf(ways[way] as Way, few)).toMatchObject(expected(few));
    });
  });

  test.each(Object.keys(waysHere()))('%s: --yes is enough', async (way) => {
    expect(await recreated(waysHere()[way] as Way)).toEqual(isDone);
  });
});

describe('of a server that only speaks TLS', () => {
  let files: TlsFiles;
  beforeAll(async () => {
    files = await requireTls(server());
  });
  afterAll(() => files.remove());

  describeInNetwork('a server on another machine is recognized:', () => {
    const { 'a forwarded Unix socket': _speaksNoTls, ...ways } = waysElsewhere('?sslmode=no-verify');
    test.each(Object.keys(ways))('%s', async (way) => {
      expect(await outcomesOf(ways[way] as Way, commands)).toMatchObject(expected(commands));
    });
  });

  test.each(Object.keys(waysHere()).slice(0, 2))('%s: --yes is enough', async (way) => {
    expect(await recreated(waysHere()[way] as Way)).toEqual(isDone);
  });
});
