import base from '../../jest.config.mjs';

/** @type {import('jest').Config} */
export default {
  ...base,
  rootDir: '../..',
  testMatch: ['<rootDir>/long/faults/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
  // It crashes and restarts a server of its own.
  globalSetup: undefined,
  globalTeardown: undefined,
  testTimeout: 600_000,
};
