import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startCli } from '../../support/cli/run-cli.js';
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
  [(name) => ['clone', name, scratch.newName('to')], /CREATE DATABASE/],
  [(name) => ['protect', name], /COMMENT ON DATABASE/],
  [(name) => ['unprotect', name, '-y'], /pg_database/],
  [(name) => ['doctor', name], /pg_database/],
  [(name) => ['undo', name, '-y'], /pg_database/],
  [(name) => ['run', name, '--', 'true'], /ALTER DATABASE/],
  [() => ['sweep'], /pg_database/],
];

/** A command that has not ended by then, whose deadline is much sooner, is killed. */
const watchdogMs = 10_000;

/** What these may have done is said not to be known. */
const changes = new Set([
  'terminate',
  'drop',
  'create',
  'recreate',
  'fresh',
  'restore',
  'rename',
  'clone',
  'protect',
  'run',
]);

/** How a command ends where the network falls silent; it must end by itself. */
async function ending(
  [args, sent]: (typeof commands)[number],
  moment: 'first' | 'later',
): Promise<string | undefined> {
  const database = await scratch.database();
  const session = await openSession(serverUrl({ database }));
  const { hostname, port } = new URL(serverUrl());
  const proxy = await CuttingProxy.start(hostname, Number(port));
  if (moment === 'first') proxy.swallow();
  else proxy.fallSilentAfter(sent);
  const url = new URL(serverUrl({ database }));
  url.port = String(proxy.port);
  const [command = '', ...others] = args(database);
  const how = ['--json', '--timeout', '2500ms'];
  const running = startCli([command, ...how, ...others], { DATABASE_URL: url.href });
  const watchdog = setTimeout(() => running.process.kill('SIGKILL'), watchdogMs);
  const { code, stdout, stderr } = await running.result;
  clearTimeout(watchdog);
  proxy.stop();
  await session.close().catch(() => undefined);
  await ask(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query ~ $1 AND datname = 'postgres'",
    [database],
  );
  const said = moment === 'first' || !changes.has(command) || /not known|may (?:still )?be/.test(stdout);
  const isCoded = /"code":"(?:TIMEOUT|CONNECTION_FAILED)"/.test(stdout);
  return (code === 6 || code === 8) && isCoded && said
    ? undefined
    : `${command}: ${code} ${stdout} ${stderr}`;
}

test.each(['first', 'later'] as const)(
  'where the network falls silent (at %s), every command ends soon after its deadline and says so',
  async (moment) => {
    const endings = await Promise.all(commands.map(async (command) => ending(command, moment)));
    expect(endings.filter((how) => how !== undefined)).toEqual([]);
  },
  60_000,
);
