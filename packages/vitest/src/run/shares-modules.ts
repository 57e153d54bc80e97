import type { TestProject } from 'vitest/node';

/** Whether the test files that run in a worker share modules. */
export function sharesModules({ config }: TestProject): boolean {
  const { isolate, pool } = config;
  if (pool.startsWith('vm')) return false;
  // Of Vitest 3, a pool may have its own.
  const { poolOptions } = config as { poolOptions?: Record<string, { isolate?: boolean } | undefined> };
  return !(poolOptions?.[pool]?.isolate ?? isolate);
}
