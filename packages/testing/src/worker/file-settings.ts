import { PgEvictError } from '@pg-evict/core';

/** Settings by which a project, or a test file, overrides the configuration. */
export interface FileSettings {
  /**
   * Gives a fresh database to each test file, or to each test.
   * @default testing.isolation of the configuration
   */
  readonly isolation?: 'file' | 'test' | undefined;
  /**
   * What happens when a test file leaves a session open.
   * @default testing.leaks of the configuration
   */
  readonly leaks?: 'fail' | 'warn' | 'ignore' | undefined;
  /**
   * Whether the database of a test file that failed is kept.
   * @default testing.keepFailed of the configuration
   */
  readonly keepFailed?: boolean | undefined;
}

const choices = {
  isolation: ['file', 'test'],
  leaks: ['fail', 'warn', 'ignore'],
  keepFailed: [true, false],
} as const;

/**
 * The settings by which a test file overrides the configuration.
 *
 * @param where the place of the settings, for messages
 * @throws {@link PgEvictError} `CONFIG_INVALID`
 */
export function readFileSettings(given: unknown, where: string): FileSettings | undefined {
  if (given === undefined) return undefined;
  if (typeof given !== 'object' || given === null) {
    throw invalid(`${where} is not an object`, "Write, for example, { leaks: 'warn' }.");
  }
  for (const [key, value] of Object.entries(given)) {
    const known: readonly unknown[] | undefined = (choices as Record<string, readonly unknown[]>)[key];
    if (known === undefined) {
      throw invalid(`${where} has no "${key}"`, `It has ${Object.keys(choices).join(', ')}.`);
    }
    if (value !== undefined && !known.includes(value)) {
      throw invalid(
        `${where} has ${key}: ${JSON.stringify(value)}`,
        `It may be ${known.map((one) => JSON.stringify(one)).join(', ')}.${key === 'isolation' && value === 'run' ? " Set 'run' for all of the run in the configuration: testing.isolation and testing.database." : ''}`,
      );
    }
  }
  return given;
}

function invalid(problem: string, hint: string): PgEvictError {
  return new PgEvictError('CONFIG_INVALID', `${problem}.`, { hint });
}
