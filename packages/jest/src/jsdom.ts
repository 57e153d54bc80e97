import { installedJsdomEnvironment } from './environment/installed-environment.cjs';
import type { EnvironmentClass } from './environment/jest-types.js';
import { withDatabase } from './environment/with-database.js';

/**
 * Jest's environment for the DOM, with a database: `testEnvironment: '@pg-evict/jest/jsdom'`. Needs
 * jest-environment-jsdom.
 */
const TestEnvironment: EnvironmentClass = withDatabase(installedJsdomEnvironment());

export default TestEnvironment;
