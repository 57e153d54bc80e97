import { AsyncLocalStorage } from 'node:async_hooks';
import { Socket } from 'node:net';
import { CallTrail } from '@pg-evict/core/internal/own-connections';
import { knownState, threadState } from '../captured/thread-state.js';
import { patchConnect } from './patch-connect.js';
import { patchOtherWays } from './patch-indirect-connections.js';
import type { SocketRegistry } from './socket-owner.js';

/** With the version of its shape. */
const name = 'sockets/4';

/**
 * The registry of this thread. The first call patches `net.Socket.prototype.connect`, `tls.connect` and the functions
 * that start processes and threads or load addons, which the sandboxes of a test runner share with it; another copy of
 * this package finds them patched.
 */
export function socketRegistry(): SocketRegistry {
  return threadState(name, makeRegistry);
}

/** The same, unless this thread has watched no file yet. */
export function knownRegistry(): SocketRegistry | undefined {
  return knownState(name);
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
