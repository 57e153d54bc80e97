import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomInt } from 'node:crypto';
import { serverUrl, until, withClient } from './server.js';

/** Whether pgbouncer is installed; `.ci/run` installs it. */
export const hasPgbouncer = spawnSync('pgbouncer', ['--version']).status === 0;

/** A real pgbouncer in front of the run's server. */
export async function startPgbouncer(
  mode: 'session' | 'transaction',
): Promise<{ url: (database: string) => string; stop: () => Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), 'pgbouncer-'));
  const port = randomInt(20_000, 30_000);
  const server = new URL(serverUrl());
  const password = decodeURIComponent(server.password);
  writeFileSync(join(folder, 'users.txt'), `"${server.username}" "${password}"\n`);
  const settings = [
    '[databases]',
    `* = host=${server.hostname} port=${server.port}`,
    '[pgbouncer]',
    'listen_addr = 127.0.0.1',
    `listen_port = ${port}`,
    'unix_socket_dir =',
    'auth_type = plain',
    `auth_file = ${folder}/users.txt`,
    `pool_mode = ${mode}`,
  ];
  const ini = join(folder, 'pgbouncer.ini');
  writeFileSync(ini, `${settings.join('\n')}\n`);
  const asRoot = process.getuid?.() === 0;
  // It refuses to run as root, and reads its files as the user it becomes.
  for (const path of [folder, ini, join(folder, 'users.txt')]) chmodSync(path, 0o755);
  const child = spawn('pgbouncer', ['-q', ...(asRoot ? ['-u', 'nobody'] : []), ini], { stdio: 'ignore' });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const url = (database: string): string => {
    const through = new URL(serverUrl({ database }));
    through.port = String(port);
    return through.href;
  };
  await until(
    async () => withClient(url('postgres'), async () => true).catch(() => false),
    'pgbouncer answers',
  );
  return {
    url,
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
      rmSync(folder, { recursive: true });
    },
  };
}
