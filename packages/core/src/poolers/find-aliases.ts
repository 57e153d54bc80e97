import type { Client } from 'pg';
import { pause } from '../contract/deadline.js';
import type { AliasRow, PoolerConsole, ServerRow } from './console.js';

/**
 * How long after the first look the connections of a pooler are looked at again, because some come and go in between.
 */
const againMs = 50;

/** $1 databases. */
const serverQuery = `
SELECT current_setting('port')::int AS port,
  ARRAY(SELECT pid FROM pg_stat_activity WHERE datname = ANY ($1::name[])) AS pids`;

/** Facts that identify the server, and the addresses that the pooler has connected to. */
interface Look {
  /** Where we connect. */
  readonly host: string;
  readonly port: number;
  /** Where it listens: another port, if there is a tunnel or a container in between. */
  readonly ownPort: number;
  /** Of the backends on the databases. */
  readonly pids: readonly number[];
  /** The pooler's connections. */
  readonly servers: readonly ServerRow[];
}

/**
 * The aliases of a pooler that lead to one of the databases: those with its name, unless they are known to lead to
 * another server. The pooler may know the server by another name than we do, so another host proves nothing. Another
 * port does, and so do connections that the server does not know.
 *
 * @param named aliases that the caller has named: they are used without a check, and others are left out
 */
export async function findAliases(
  console: PoolerConsole,
  control: Client,
  databases: readonly string[],
  named: readonly string[] | undefined,
): Promise<AliasRow[]> {
  const rows = (await console.aliases()).filter(({ database }) => databases.includes(database));
  if (named !== undefined) return rows.filter(({ name }) => named.includes(name));
  if (rows.length === 0) return [];
  const first = await look(console, control, databases);
  const doubtful = rows.filter((alias) => leadsElsewhere(alias, first));
  if (doubtful.length === 0) return rows;
  await pause(againMs);
  const second = await look(console, control, databases);
  return rows.filter((alias) => !doubtful.includes(alias) || !leadsElsewhere(alias, second));
}

async function look(console: PoolerConsole, control: Client, databases: readonly string[]): Promise<Look> {
  const servers = await console.servers();
  const { rows } = await control.query<{ port: number; pids: number[] }>(serverQuery, [databases]);
  const { port: ownPort = 0, pids = [] } = rows[0] ?? {};
  return { host: control.host, port: control.port, ownPort, pids, servers };
}

function leadsElsewhere({ name, host, port }: AliasRow, seen: Look): boolean {
  const pids = seen.servers
    .filter(({ database, remote_pid: pid }) => database === name && pid !== 0)
    .map(({ remote_pid: pid }) => pid);
  if (pids.some((pid) => seen.pids.includes(pid))) return false;
  if (host === seen.host && port === seen.port) return false;
  if (pids.length > 0) return true;
  return port !== seen.port && port !== seen.ownPort;
}
