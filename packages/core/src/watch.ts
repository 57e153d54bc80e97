/** What has become of a promise. */
export interface Watched {
  readonly settled: boolean;
  readonly succeeded: boolean;
}

/** A promise's state, readable without waiting. The promise counts as handled. */
export function watch(promise: Promise<unknown>): Watched {
  const state = { settled: false, succeeded: false };
  promise.then(
    () => Object.assign(state, { settled: true, succeeded: true }),
    () => Object.assign(state, { settled: true }),
  );
  return state;
}
