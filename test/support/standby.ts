import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  cpSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { dirname, join, relative } from 'node:path';
import type { RunningEmbeddedServer } from '@pg-evict/server';
import { Client } from 'pg';
import { serverMajor, until, withClient } from './server.js';

/** Of a cluster what is its own, and no copy may have. */
const notCopied =
  /^(?:postmaster\.(?:pid|opts)|(?:pg_wal|pg_replslot|pg_dynshmem|pg_notify|pg_stat_tmp)\/.+)$/;

/** A streaming replica of a server. */
export interface Standby {
  /** Of a database there, as the primary's superuser. */
  readonly url: (database?: string) => string;
  /** Its slot on the primary. */
  readonly slot: string;
  /** Waits until it has replayed what the primary has written so far. */
  readonly catchUp: () => Promise<void>;
  readonly pauseReplay: () => Promise<void>;
  readonly resumeReplay: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

/**
 * Starts a streaming replica of an embedded server, with a slot there: the embedded binaries have no pg_basebackup, so
 * the files are copied within a backup. Linux only; it runs as the primary does, which /proc tells.
 */
export async function startStandby(
  primary: RunningEmbeddedServer,
  settings: Readonly<Record<string, string>> = {},
): Promise<Standby> {
  const { uid, gid } = statSync(primary.dataDirectory);
  const home = mkdtempSync(join(dirname(dirname(primary.dataDirectory)), 'pg-evict-standby-'));
  const data = join(home, 'data');
  const port = await freePort();
  const slot = `standby_${port}`;
  await copyCluster(primary, slot, data);
  writeFileSync(join(data, 'standby.signal'), '');
  const conninfo = `host=${primary.host} port=${primary.port} user=${primary.user} password=${primary.password}`;
  for (const [name, value] of Object.entries({
    primary_conninfo: conninfo,
    primary_slot_name: slot,
    // A reader that stands in the way of replay is not ended for it within a test.
    max_standby_streaming_delay: '-1',
    ...settings,
  })) {
    appendFileSync(join(data, 'postgresql.auto.conf'), `${name} = '${value}'\n`);
  }
  if (process.getuid?.() === 0) execFileSync('chown', ['-R', `${uid}:${gid}`, home]);
  const child = launch(primary, home, port, process.getuid?.() === 0 ? { uid, gid } : {});
  const url = (database = 'postgres'): string => {
    const changed = new URL(primary.url);
    changed.port = String(port);
    changed.pathname = `/${encodeURIComponent(database)}`;
    return changed.href;
  };
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGQUIT');
      await once(child, 'exit');
    }
    rmSync(home, { recursive: true, force: true });
    await withClient(primary.url, async (client) =>
      client.query(
        'SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = $1',
        [slot],
      ),
    ).catch(() => undefined);
  };
  const ask = async (sql: string, values: unknown[] = []): Promise<Record<string, unknown>> =>
    withClient(url(), async (client) => ({ ...(await client.query<object>(sql, values)).rows[0] }));
  try {
    await until(async () => {
      if (child.exitCode !== null) throw new Error(readFileSync(join(home, 'log'), 'utf8'));
      return ask('SELECT pg_is_in_recovery() AS standby').then(
        ({ standby }) => standby === true,
        () => false,
      );
    }, 'the standby lets clients in');
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    url,
    slot,
    stop,
    async catchUp() {
      const written = await withClient(primary.url, async (client) => {
        const { rows } = await client.query<{ lsn: string }>('SELECT pg_current_wal_insert_lsn() AS lsn');
        return rows[0]?.lsn;
      });
      const hasReplayed = async (): Promise<boolean> =>
        (await ask('SELECT pg_last_wal_replay_lsn() >= $1::pg_lsn AS done', [written]))['done'] === true;
      await until(hasReplayed, 'the standby has caught up');
    },
    pauseReplay: async () => void (await ask('SELECT pg_wal_replay_pause()')),
    resumeReplay: async () => void (await ask('SELECT pg_wal_replay_resume()')),
  };
}

/** Copies a running cluster, all of whose changes from now on its slot keeps. */
async function copyCluster(primary: RunningEmbeddedServer, slot: string, data: string): Promise<void> {
  const client = new Client(primary.url);
  await client.connect();
  const [start, stop] =
    serverMajor >= 15
      ? ["pg_backup_start('standby', true)", 'pg_backup_stop(false)']
      : ["pg_start_backup('standby', true, false)", 'pg_stop_backup(false, false)'];
  try {
    await client.query('SELECT pg_create_physical_replication_slot($1, true)', [slot]);
    await client.query(`SELECT ${start}`);
    cpSync(primary.dataDirectory, data, {
      recursive: true,
      filter: (file) => !notCopied.test(relative(primary.dataDirectory, file)),
    });
    const { rows } = await client.query<{ labelfile: string }>(`SELECT labelfile FROM ${stop}`);
    writeFileSync(join(data, 'backup_label'), rows[0]?.labelfile ?? '');
  } finally {
    await client.end();
  }
}

/** Starts the server's program on the copy, as it was started on the original. */
function launch(
  primary: RunningEmbeddedServer,
  home: string,
  port: number,
  account: { uid?: number; gid?: number },
): ChildProcess {
  const words = (file: string): string[] =>
    readFileSync(`/proc/${primary.pid}/${file}`, 'utf8').split('\0').slice(0, -1);
  const options = words('cmdline').slice(1);
  options[options.indexOf('-D') + 1] = join(home, 'data');
  options[options.indexOf('-p') + 1] = String(port);
  const env = Object.fromEntries(
    words('environ').map((line) => line.split(/=(.*)/s).slice(0, 2) as [string, string]),
  );
  const log = openSync(join(home, 'log'), 'a');
  return spawn(readlinkSync(`/proc/${primary.pid}/exe`), options, {
    cwd: '/',
    env,
    stdio: ['ignore', log, log],
    ...account,
  });
}

async function freePort(): Promise<number> {
  const listener = createServer().listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as AddressInfo;
  listener.close();
  await once(listener, 'close');
  return port;
}
