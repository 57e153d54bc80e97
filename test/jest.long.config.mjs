import config from './jest.config.mjs';

/** The long suites: one at a time, on the server of the major in PG_VERSION. */
export default {
  ...config,
  testMatch: ['<rootDir>/long/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
  maxWorkers: 1,
};
