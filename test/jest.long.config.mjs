import config from './jest.config.mjs';

/** The storm, on the server of the major in PG_VERSION. */
export default {
  ...config,
  testMatch: ['<rootDir>/long/storm.test.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
  maxWorkers: 1,
};
