import config from '../../jest.config.mjs';

/** Real Jest in every kind of project, and ended in every way. */
export default {
  ...config,
  rootDir: '../..',
  testMatch: ['<rootDir>/long/jest/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
};
