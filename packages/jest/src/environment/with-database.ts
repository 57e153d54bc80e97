import type {
  EnvironmentClass,
  EnvironmentConfig,
  EnvironmentContext,
  EnvironmentLike,
  TestEvent,
  TestState,
} from './jest-types.js';
import { TestFile } from './test-file.js';

/**
 * An environment of Jest that gives each test file a database of its own, made from any other environment:
 *
 * ```js
 * const { withDatabase } = require('@pg-evict/jest');
 * const { TestEnvironment } = require('jest-environment-node');
 * module.exports = class extends withDatabase(TestEnvironment) { … };
 * ```
 *
 * `DATABASE_URL` and `PG*` lead there before the first setup file runs; the database has the content of the template.
 * When the file is over, sessions that it left open are reported with the line that opened them, and are terminated
 * without an error in their drivers; from `super.teardown()` on, no new session can be opened for the file. Settings
 * are in the configuration of pg-evict (`testing`); a project, or a docblock, can override them in
 * `testEnvironmentOptions.pgEvict`.
 *
 * @throws PgEvictError at the start of a test file: `CONFIG_INVALID`, `PROTECTED`, `CONNECTION_FAILED`,
 * `PERMISSION_DENIED`, …
 */
export function withDatabase<Base extends EnvironmentClass>(Base: Base): Base & EnvironmentClass {
  const Environment = Base as unknown as new (...parameters: unknown[]) => EnvironmentLike;
  class DatabaseEnvironment extends Environment {
    readonly #file: TestFile;
    readonly #overlaps: boolean;

    constructor(...parameters: unknown[]) {
      super(...parameters);
      const [config, context] = parameters as [EnvironmentConfig, EnvironmentContext];
      const file = TestFile.begin(config, context, this.global);
      this.#file = file;
      // A subclass may need the database in its own `setup()`.
      this.#overlaps = this.constructor === DatabaseEnvironment && isCircus(config);
      // Some environments define theirs as a property of the instance, which a method would not override.
      const inherited = this.handleTestEvent?.bind(this);
      // No promise if there is nothing to wait for: a file has some fifty events.
      this.handleTestEvent = (event: unknown, state: unknown): void | Promise<void> => {
        const handle = (): void | Promise<void> => file.handle(event as TestEvent, state as TestState);
        const handleBoth = (): void | Promise<void> => inherited?.(event, state)?.then(handle) ?? handle();
        return (event as TestEvent).name === 'setup' ? file.ready().then(handleBoth) : handleBoth();
      };
    }

    override async setup(): Promise<void> {
      await super.setup();
      const ready = this.#file.ready();
      if (!this.#overlaps) await ready;
    }

    override async teardown(): Promise<void> {
      try {
        await this.#file.close();
      } finally {
        await super.teardown();
      }
    }
  }
  return DatabaseEnvironment as unknown as Base & EnvironmentClass;
}

/**
 * jest-circus waits for its event `setup` before it loads anything of the project's, so the database may be prepared
 * while Jest loads jest-circus.
 */
function isCircus({ projectConfig: { testRunner = '' } }: EnvironmentConfig): boolean {
  return /[\\/]jest-circus[\\/]/.test(testRunner);
}
