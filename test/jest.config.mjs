/** @type {import('jest').Config} */
export default {
  testEnvironment: 'node',
  testMatch: ['<rootDir>/**/*.test.ts'],
  modulePathIgnorePatterns: ['<rootDir>/jest/projects/', '<rootDir>/matrix/', '<rootDir>/native/'],
  // The long suites, and what needs a Docker engine, run as scripts of their own.
  testPathIgnorePatterns: [
    '/node_modules/',
    '/long/',
    '/jest/projects/',
    '<rootDir>/packages/',
    '<rootDir>/docker/',
  ],
  transform: { '\\.ts$': ['@swc/jest', { jsc: { target: 'es2022' } }] },
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  globalSetup: '<rootDir>/support/global-setup.ts',
  globalTeardown: '<rootDir>/support/global-teardown.ts',
  testTimeout: 60_000,
  maxWorkers: 2,
};
