import type { FileDatabase } from '@pg-evict/testing/worker';
import type { TestFile } from './test-file.js';

/** The state that the test files of a worker, or of a VM in it, share. */
export interface RealmState {
  /** The test file that runs. */
  file: TestFile | undefined;
  /** With `isolate: false`, the database of all files of this worker. */
  shared: FileDatabase | undefined;
  /** Of the host that it is of. */
  address: string | undefined;
  /** Settles when that has the content of the template again. */
  reset: Promise<unknown>;
}

/** The state of this realm: Vitest may evaluate this package once for each test file, or share it. */
export function realmState(): RealmState {
  const key = Symbol.for('pg-evict.vitest.file/1');
  const holder = globalThis as unknown as Record<symbol, RealmState | undefined>;
  return (holder[key] ??= {
    file: undefined,
    shared: undefined,
    address: undefined,
    reset: Promise.resolve(),
  });
}
