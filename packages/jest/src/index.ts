import { installedNodeEnvironment } from './environment/installed-environment.cjs';
import type { EnvironmentClass } from './environment/jest-types.js';
import { withDatabase } from './environment/with-database.js';

export type {
  DescribeBlock,
  EnvironmentClass,
  EnvironmentConfig,
  EnvironmentContext,
  EnvironmentLike,
  TestEntry,
  TestEvent,
  TestState,
} from './environment/jest-types.js';
export type { DatabaseEnvironmentOptions } from './environment/options.js';
export { withDatabase } from './environment/with-database.js';

/** Jest's environment for Node, with a database: `testEnvironment: '@pg-evict/jest'`. */
const TestEnvironment: EnvironmentClass = withDatabase(installedNodeEnvironment());

export default TestEnvironment;
