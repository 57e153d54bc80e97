import { spawnSync } from 'node:child_process';
import { chownSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startServer, type RunningEmbeddedServer } from '@pg-evict/server';
import { serverOptions } from '../../server-options.js';
import { until, withClient } from '../../server.js';

/** A server that also speaks TLS and listens on a Unix socket. */
export interface TlsServer {
  readonly server: RunningEmbeddedServer;
  /** A database of it, by way of a Unix socket. */
  readonly socketUrl: (database: string) => string;
  readonly stop: () => Promise<void>;
}

export async function startTlsServer(): Promise<TlsServer> {
  const directory = mkdtempSync('/tmp/pg-evict-tls-');
  const server = await startServer(serverOptions({ unix_socket_directories: tmpdir() }));
  const { uid, gid } = statSync(server.dataDirectory);
  const key = join(directory, 'server.key');
  const certificate = join(directory, 'server.crt');
  const request = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=localhost'];
  const made = spawnSync('openssl', [...request, '-keyout', key, '-out', certificate]);
  if (made.status !== 0) throw new Error(`openssl: ${made.error?.message ?? made.stderr.toString()}`);
  for (const path of [directory, key, certificate]) chownSync(path, uid, gid);
  await withClient(server.url, async (client) => {
    await client.query(`ALTER SYSTEM SET ssl_cert_file = '${certificate}'`);
    await client.query(`ALTER SYSTEM SET ssl_key_file = '${key}'`);
    await client.query('ALTER SYSTEM SET ssl = on');
    await client.query('SELECT pg_reload_conf()');
  });
  await until(
    async () => withClient(`${server.url}?sslmode=no-verify`, async () => true).catch(() => false),
    'the server speaks TLS',
  );
  const { user, password, port } = server;
  return {
    server,
    socketUrl: (database) =>
      `postgresql://${user}:${password}@${encodeURIComponent(tmpdir())}:${port}/${database}`,
    stop: async () => {
      await server.stop();
      rmSync(directory, { recursive: true });
    },
  };
}
