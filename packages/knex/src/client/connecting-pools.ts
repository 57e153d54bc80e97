import { AsyncLocalStorage } from 'node:async_hooks';

/** Set while a pool of a wrapped configuration connects. */
export const connectingPools = new AsyncLocalStorage<true>();
