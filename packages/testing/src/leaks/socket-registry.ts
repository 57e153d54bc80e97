import { AsyncLocalStorage } from 'node:async_hooks';
import { Socket } from 'node:net';
import { CallTrail } from './call-trail.js';
import { patchConnect } from './patch-connect.js';
import { patchOtherWays } from './patch-indirect-connections.js';
import type { SocketRegistry } from './socket-owner.js';

const key = Symbol.for('pg-evict.sockets/3');

/**
 * The registry of this thread. The first call patches `net.Socket.prototype.connect`, `tls.connect` and what starts
 * processes and threads or loads addons, which the sandboxes of a test runner share with it; another copy of this
 * package finds it patched.
 */
export function socketRegistry(): SocketRegistry {
  const holder = process as unknown as { [key]?: SocketRegistry };
  const existing = holder[key];
  if (existing !== undefined) return existing;
  const { connect } = Socket.prototype as unknown as Pick<SocketRegistry, 'connect'>;
  const registry: SocketRegistry = {
    records: new Set(),
    connect,
    owners: new AsyncLocalStorage(),
    current: null,
    trail: new CallTrail(),
    elsewhere: new Set(),
    blind: false,
    driverOutside: false,
  };
  Object.defineProperty(process, key, { value: registry });
  patchConnect(registry);
  patchOtherWays(registry);
  return registry;
}
