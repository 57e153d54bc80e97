import { AsyncLocalStorage } from 'node:async_hooks';
import { Socket } from 'node:net';
import { CallTrail } from '@pg-evict/core/internal/own-connections';
import { threadState } from '../captured/thread-state.js';
import { patchConnect } from './patch-connect.js';
import { patchOtherWays } from './patch-indirect-connections.js';
import type { SocketRegistry } from './socket-owner.js';

/**
 * The registry of this thread. The first call patches `net.Socket.prototype.connect`, `tls.connect` and the functions
 * that start processes and threads or load addons, which the sandboxes of a test runner share with it; another copy of
 * this package finds them patched.
 */
export function socketRegistry(): SocketRegistry {
  return threadState('sockets/4', makeRegistry);
}

function makeRegistry(): SocketRegistry {
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
  patchConnect(registry);
  patchOtherWays(registry);
  return registry;
}
