import type { PgEvictErrorCode } from '@pg-evict/core';

/** The data that the global setup passes to the test files of a project. */
export interface ProvidedRun {
  /** How to reach the host of the run. */
  readonly address: string;
  /** The folder that identifies the run of the project. */
  readonly directory: string;
  /** Whether the files of a worker share modules, and so pools (`isolate: false`). */
  readonly shared: boolean;
}

/** The data for a run that could not be begun again in watch mode. */
export interface ProvidedFailure {
  readonly failure: { readonly code: PgEvictErrorCode; readonly message: string };
}

/** The name under which Vitest provides it; not among the project's types. */
export const runKey = 'pgEvict' as never;

/** The same for the settings by which the project overrides the configuration of pg-evict. */
export const settingsKey = 'pgEvictSettings' as never;
