/** Numbers from 0 to 1 that are the same for the same seed (mulberry32). */
export function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d_2b_79_f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** One of several, by a number from 0 to 1. */
export function pick<T>(values: readonly T[], number: number): T {
  const value = values[Math.floor(number * values.length)];
  if (value === undefined) throw new Error('nothing to pick from');
  return value;
}
