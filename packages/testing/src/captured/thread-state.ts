import { Socket } from 'node:net';

/**
 * A value of this thread, shared by all copies of this package in it: both builds, and those within a sandbox of a test
 * runner, which has a `process` and globals of its own, but Node's own classes.
 *
 * @param name the name of the value, and the version of its shape: `worker/1`
 * @param make makes it if there is none yet
 */
export function threadState<T extends object>(name: string, make: () => T): T {
  const known = knownState<T>(name);
  if (known !== undefined) return known;
  const made = make();
  Object.defineProperty(Socket, keyOf(name), { value: made });
  return made;
}

/** The same, if there is one already. */
// oxlint-disable-next-line no-unnecessary-type-parameters -- the name says what it is
export function knownState<T extends object>(name: string): T | undefined {
  return (Socket as unknown as Record<symbol, T | undefined>)[keyOf(name)];
}

const keyOf = (name: string): symbol => Symbol.for(`pg-evict.${name}`);
