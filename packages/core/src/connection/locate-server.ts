import { Client } from 'pg';
import { resolveTarget, type Target } from './target.js';

/** Where a server is. */
export interface ServerLocation {
  /** `host:port`, or the directory of a Unix socket. */
  readonly server: string;
  /** Whether the server is on this machine, judged by the address connected to. */
  readonly local: boolean;
}

/**
 * The place that a target leads to. Sends nothing: a connection would be made to this address.
 *
 * @throws {@link PgEvictError} `CONFIG_INVALID`, also if no database is named
 */
export function locateServer(target: Target): ServerLocation {
  // node-postgres fills in the defaults and the environment's variables.
  return locationOf(new Client({ ...resolveTarget(target).settings }));
}

/**
 * Where the server of a client is.
 *
 * @internal
 */
export function locationOf({ host, port }: Pick<Client, 'host' | 'port'>): ServerLocation {
  const isSocket = host.startsWith('/');
  return {
    server: isSocket ? host : `${host}:${port}`,
    local: isSocket || /^(?:localhost|127\.\d+\.\d+\.\d+|::1)$/.test(host),
  };
}
