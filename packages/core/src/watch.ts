/** What has become of a promise. */
export interface Watched {
  readonly settled: boolean;
  readonly succeeded: boolean;
  /** What it was rejected with. */
  readonly error: unknown;
}

/** A promise's state, readable without waiting. The promise counts as handled. */
export function watch(promise: Promise<unknown>): Watched {
  const state = { settled: false, succeeded: false, error: undefined };
  promise.then(
    () => Object.assign(state, { settled: true, succeeded: true }),
    (error: unknown) => Object.assign(state, { settled: true, error }),
  );
  return state;
}
