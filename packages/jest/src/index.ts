import { installedNodeEnvironment } from './installed-environment.cjs';
import type { EnvironmentClass } from './environment-class.js';
import { withDatabase } from './with-database.js';

export type {
  DescribeBlock,
  EnvironmentClass,
  EnvironmentConfig,
  EnvironmentContext,
  EnvironmentLike,
  TestEntry,
  TestEvent,
  TestState,
} from './environment-class.js';
export type { DatabaseEnvironmentOptions } from './options.js';
export { withDatabase } from './with-database.js';

/** Jest's environment for Node, with a database: `testEnvironment: '@pg-evict/jest'`. */
const TestEnvironment: EnvironmentClass = withDatabase(installedNodeEnvironment());

export default TestEnvironment;
