import type {
  EnvironmentClass,
  EnvironmentConfig,
  EnvironmentContext,
  EnvironmentLike,
  TestEvent,
  TestState,
} from './environment-class.js';
import { TestFile } from './test-file.js';

/**
 * An environment of Jest that gives each test file a database of its own, made of any other environment:
 *
 * ```js
 * const { withDatabase } = require('@pg-evict/jest');
 * const { TestEnvironment } = require('jest-environment-node');
 * module.exports = class extends withDatabase(TestEnvironment) { … };
 * ```
 *
 * `DATABASE_URL` and `PG*` lead there before the first setup file runs; the database holds what the template holds. When
 * the file is over, sessions that it left open are reported with the line that opened them, and are ended without any
 * driver noticing; from `super.teardown()` on, nobody gets another one in its name. Settings are in the configuration of pg-evict (`testing`); a project, or a docblock, may say
 * otherwise in `testEnvironmentOptions.pgEvict`.
 *
 * @throws PgEvictError at the start of a test file: `CONFIG_INVALID`, `PROTECTED`, `CONNECTION_FAILED`,
 * `PERMISSION_DENIED`, …
 */
export function withDatabase<Base extends EnvironmentClass>(Base: Base): Base & EnvironmentClass {
  const Environment = Base as unknown as new (...parameters: unknown[]) => EnvironmentLike;
  const DatabaseEnvironment = class extends Environment {
    readonly #file: TestFile;

    constructor(...parameters: unknown[]) {
      super(...parameters);
      const [config, context] = parameters as [EnvironmentConfig, EnvironmentContext];
      const file = new TestFile(config, context, this.global);
      this.#file = file;
      // Some environments have theirs as a property of the instance, which a method would not override.
      const inherited = this.handleTestEvent?.bind(this);
      this.handleTestEvent = async (event: unknown, state: unknown): Promise<void> => {
        await inherited?.(event, state);
        await file.handle(event as TestEvent, state as TestState);
      };
    }

    override async setup(): Promise<void> {
      await super.setup();
      await this.#file.prepare();
    }

    override async teardown(): Promise<void> {
      try {
        await this.#file.close();
      } finally {
        await super.teardown();
      }
    }
  };
  return DatabaseEnvironment as unknown as Base & EnvironmentClass;
}
