import type { TestHost } from '@pg-evict/testing';
import { processState } from './process-state.js';

/** The host that this process is, once the global setup has begun a run. */
export function ownHost(): { host: TestHost | undefined } {
  return processState('host/1', () => ({ host: undefined }));
}
