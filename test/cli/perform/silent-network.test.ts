import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { runCli } from '../../support/cli/run-cli.js';
import { CuttingProxy } from '../../support/cutting-proxy.js';
import { Scratch } from '../../support/scratch.js';
import { ask, serverUrl } from '../../support/server.js';
import { openSession } from '../../support/sessions.js';

const scratch = new Scratch();
const directory = mkdtempSync(join(tmpdir(), 'pg-evict-silent-'));
const dump = join(directory, 'dump.sql');
writeFileSync(dump, '--\n-- PostgreSQL database dump\n--\n--\n-- PostgreSQL database dump complete\n--\n');
afterAll(async () => {
  await scratch.cleanUp();
  rmSync(directory, { recursive: true });
});

let other = '';
beforeAll(async () => {
  other = await scratch.database();
});

/** Each command, and the statement of it in which the network falls silent. */
const commands: readonly (readonly [args: (name: string) => readonly string[], sent: RegExp])[] = [
  [(name) => ['sessions', name], /pg_stat_activity/],
  [(name) => ['terminate', name, '-y'], /pg_terminate_backend/],
  [(name) => ['drop', name, '-y'], /(?:ALTER|DROP) DATABASE/],
  [() => ['create', scratch.newName('created')], /CREATE DATABASE/],
  [(name) => ['recreate', name, '-y'], /CREATE DATABASE/],
  [(name) => ['fresh', name, '-y', '--', 'true'], /CREATE DATABASE/],
  [(name) => ['restore', name, dump, '-y'], /CREATE DATABASE/],
  [(name) => ['rename', name, scratch.newName('to')], /ALTER DATABASE/],
  [(name) => ['swap', name, other], /ALTER DATABASE/],
  [(name) => ['clone', name, scratch.newName('to')], /CREATE DATABASE/],
  [(name) => ['protect', name], /COMMENT ON DATABASE/],
  [(name) => ['unprotect', name, '-y'], /pg_database/],
  [(name) => ['doctor', name], /pg_database/],
  [(name) => ['undo', name, '-y'], /pg_database/],
  [(name) => ['run', name, '--', 'true'], /ALTER DATABASE/],
  [() => ['sweep'], /pg_database/],
];

const timeoutMs = 6000;

/** Has a command say how long it lasted, as its own timers saw it, since it first and last connected. */
const measuring = `--require ${resolve(__dirname, '../../support/cli/measure-own-time.cjs')}`;

/** What these may have done is said not to be known. */
const changes = new Set([
  'terminate',
  'drop',
  'create',
  'recreate',
  'fresh',
  'restore',
  'rename',
  'swap',
  'clone',
  'protect',
  'run',
]);

/** When the network falls silent: from the beginning, with a statement, or for all connections but a slow first one. */
const moments = ['first', 'later', 'after a slow connection'] as const;

/** This one has a deadline for each database, so it is only seen that it does not wait twice for a silent network. */
const repeats = new Set(['sweep']);

/** How a command ends where the network falls silent; it must end by itself. */
async function ending(
  [args, sent]: (typeof commands)[number],
  moment: (typeof moments)[number],
): Promise<string | undefined> {
  const database = await scratch.database();
  const session = await openSession(serverUrl({ database }));
  const { hostname, port } = new URL(serverUrl());
  const proxy = await CuttingProxy.start(hostname, Number(port));
  if (moment === 'first') proxy.swallow();
  else if (moment === 'later') proxy.fallSilentAfter(sent);
  else proxy.carryFirstOnly(timeoutMs / 2);
  const url = new URL(serverUrl({ database }));
  url.port = String(proxy.port);
  const [command = '', ...others] = args(database);
  const how = ['--json', '--timeout', `${timeoutMs}ms`];
  const env = { DATABASE_URL: url.href, NODE_OPTIONS: measuring };
  const { code, stdout, stderr } = await runCli([command, ...how, ...others], env);
  proxy.stop();
  await session.close().catch(() => undefined);
  await ask(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query ~ $1 AND datname = 'postgres'",
    [database],
  );
  const said =
    moment !== 'later' || !changes.has(command) || /not known|unknown|may (?:still )?be/.test(stdout);
  const isCoded = /"code":"(?:TIMEOUT|CONNECTION_FAILED)"/.test(stdout);
  const [, sinceFirst, sinceLast] = /own time: (\d+) ms, (\d+) ms/.exec(stderr) ?? [];
  const lastedMs = Number(repeats.has(command) ? sinceLast : sinceFirst);
  return (code === 6 || code === 8) && isCoded && said && lastedMs <= timeoutMs + 1000
    ? undefined
    : `${command}: ${code} ${stdout} ${stderr}`;
}

test.each(moments)(
  'where the network falls silent (%s), every command ends within a second of its one deadline and says so',
  async (moment) => {
    // This one connects once.
    const several = commands.filter(
      ([args]) => moment !== 'after a slow connection' || args('')[0] !== 'protect',
    );
    const endings = await Promise.all(several.map(async (command) => ending(command, moment)));
    expect(endings.filter((how) => how !== undefined)).toEqual([]);
  },
);
