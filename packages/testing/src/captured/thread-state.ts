import { Socket } from 'node:net';

/**
 * A value of this thread, shared by all copies of this package in it: both builds, and those within a sandbox of a test
 * runner, which has a `process` and globals of its own, but Node's own classes.
 *
 * @param name the name of the value, and the version of its shape: `worker/1`
 * @param make makes it if there is none yet
 */
export function threadState<T extends object>(name: string, make: () => T): T {
  const key = Symbol.for(`pg-evict.${name}`);
  const holder = Socket as unknown as Record<symbol, T | undefined>;
  const known = holder[key];
  if (known !== undefined) return known;
  const made = make();
  Object.defineProperty(holder, key, { value: made });
  return made;
}
