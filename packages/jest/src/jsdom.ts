import { installedJsdomEnvironment } from './installed-environment.cjs';
import type { EnvironmentClass } from './environment-class.js';
import { withDatabase } from './with-database.js';

/**
 * Jest's environment for the DOM, with a database: `testEnvironment: '@pg-evict/jest/jsdom'`. Needs
 * jest-environment-jsdom.
 */
const TestEnvironment: EnvironmentClass = withDatabase(installedJsdomEnvironment());

export default TestEnvironment;
