/**
 * A value of this process, shared by everything that Jest loads in it. Jest loads the global setup and the environment
 * apart from each other, perhaps as different builds; in band, they share a process.
 *
 * @param name the name of the value, and the version of its shape: `runs/1`
 * @param make makes it if there is none yet
 */
export function processState<T>(name: string, make: () => T): T {
  const key = Symbol.for(`pg-evict.jest.${name}`);
  const holder = process as unknown as Record<symbol, T | undefined>;
  return (holder[key] ??= make());
}
