import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomInt } from 'node:crypto';
import { serverUrl, until, withClient } from './server.js';

/** Whether pgbouncer is installed; `.ci/run` installs it. */
const hasPgbouncer = spawnSync('pgbouncer', ['--version']).status === 0;

/** A pgbouncer that runs. */
export interface Pgbouncer {
  readonly url: (database: string) => string;
  /** Its admin console, as its admin user; `stats` may only look. */
  readonly consoleUrl: (user?: 'admin' | 'stats') => string;
  /** Aliases and whether they are paused. */
  readonly paused: () => Promise<Record<string, boolean>>;
  /** Asks its console. */
  readonly ask: (sql: string) => Promise<void>;
  /** Ends it without a word, and starts it again. */
  readonly restart: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

export const adminPassword = 'geheim-und-lang';

/**
 * A real pgbouncer in front of the run's server.
 *
 * @param aliases its `[databases]`: `name = connection string`. Left out: all by their names, as `*`
 * @param more lines of its `[pgbouncer]`
 */
export async function startPgbouncer(
  mode: 'session' | 'transaction',
  aliases?: Readonly<Record<string, string>>,
  more: readonly string[] = [],
): Promise<Pgbouncer> {
  const folder = mkdtempSync(join(tmpdir(), 'pgbouncer-'));
  const port = randomInt(20_000, 30_000);
  const server = new URL(serverUrl());
  const password = decodeURIComponent(server.password);
  const users = [
    [server.username, password],
    ['admin', adminPassword],
    ['stats', adminPassword],
  ].map(([user, secret]) => `"${user}" "${secret}"\n`);
  writeFileSync(join(folder, 'users.txt'), users.join(''));
  const settings = [
    '[databases]',
    ...Object.entries(aliases ?? { '*': '' }).map(
      ([name, to]) => `${name} = host=${server.hostname} port=${server.port} ${to}`,
    ),
    '[pgbouncer]',
    'listen_addr = 127.0.0.1',
    `listen_port = ${port}`,
    'unix_socket_dir =',
    'auth_type = plain',
    `auth_file = ${folder}/users.txt`,
    `pool_mode = ${mode}`,
    'admin_users = admin',
    'stats_users = stats',
    'max_client_conn = 500',
    ...more,
  ];
  const ini = join(folder, 'pgbouncer.ini');
  writeFileSync(ini, `${settings.join('\n')}\n`);
  const asRoot = process.getuid?.() === 0;
  // It refuses to run as root, and reads its files as the user it becomes.
  for (const path of [folder, ini, join(folder, 'users.txt')]) chmodSync(path, 0o755);
  const start = (): { child: ChildProcess; ended: Promise<void> } => {
    const child = spawn('pgbouncer', ['-q', ...(asRoot ? ['-u', 'nobody'] : []), ini], { stdio: 'ignore' });
    return { child, ended: new Promise<void>((resolve) => child.once('exit', () => resolve())) };
  };
  let running = start();
  const url = (database: string): string => {
    const through = new URL(serverUrl({ database }));
    through.port = String(port);
    return through.href;
  };
  const consoleUrl = (user = 'admin'): string =>
    `postgres://${user}:${adminPassword}@127.0.0.1:${port}/pgbouncer`;
  const ask = async (sql: string): Promise<{ name: string; paused: number }[]> =>
    withClient(
      consoleUrl(),
      async (client) => (await client.query<{ name: string; paused: number }>(sql)).rows,
    );
  const answers = async (): Promise<void> =>
    until(
      async () =>
        ask('SHOW VERSION').then(
          () => true,
          () => false,
        ),
      'pgbouncer answers',
    );
  await answers();
  return {
    url,
    consoleUrl,
    ask: async (sql) => {
      await ask(sql);
    },
    paused: async () =>
      Object.fromEntries((await ask('SHOW DATABASES')).map(({ name, paused }) => [name, paused === 1])),
    restart: async () => {
      running.child.kill('SIGKILL');
      await running.ended;
      running = start();
      await answers();
    },
    stop: async () => {
      running.child.kill('SIGTERM');
      await running.ended;
      rmSync(folder, { recursive: true });
    },
  };
}

/** `describe` where pgbouncer is installed; says where it is not. */
export const describeWithPgbouncer = hasPgbouncer ? describe : describe.skip;
if (!hasPgbouncer)
  process.stderr.write('SKIPPED: pgbouncer is not installed, so nothing is tested through a pooler.\n');
