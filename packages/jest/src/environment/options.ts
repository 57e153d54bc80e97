import { PgEvictError } from '@pg-evict/core';

/**
 * What a project, or a test file by a docblock, may say otherwise than the configuration: `testEnvironmentOptions:
 * { pgEvict: { leaks: 'warn' } }`.
 */
export interface DatabaseEnvironmentOptions {
  /**
   * What gets a fresh database: each test file, or each test.
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

/** What a test file says otherwise than the configuration. @throws {@link PgEvictError} `CONFIG_INVALID` */
export function readSettings(given: unknown): DatabaseEnvironmentOptions | undefined {
  if (given === undefined) return undefined;
  if (typeof given !== 'object' || given === null) {
    throw invalid('is not an object', "Write, for example, pgEvict: { leaks: 'warn' }.");
  }
  for (const [key, value] of Object.entries(given)) {
    const known: readonly unknown[] | undefined = (choices as Record<string, readonly unknown[]>)[key];
    if (known === undefined) throw invalid(`has no "${key}"`, `It has ${Object.keys(choices).join(', ')}.`);
    if (!known.includes(value)) {
      throw invalid(
        `has ${key}: ${JSON.stringify(value)}`,
        `It may be ${known.map((one) => JSON.stringify(one)).join(', ')}.`,
      );
    }
  }
  return given;
}

function invalid(problem: string, hint: string): PgEvictError {
  return new PgEvictError('CONFIG_INVALID', `testEnvironmentOptions.pgEvict ${problem}.`, { hint });
}
