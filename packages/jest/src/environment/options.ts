/**
 * Settings by which a project, or a test file by a docblock, overrides the configuration: `testEnvironmentOptions: {
 * pgEvict: { leaks: 'warn' } }`.
 */
export interface DatabaseEnvironmentOptions {
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
