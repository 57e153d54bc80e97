import { existsSync } from 'node:fs';
import { forgetAgents } from './support/forget-agents.mjs';

// What looks at the processes of a server; without Linux's /proc they are tested by all that runs on one.
const ofProcesses = existsSync('/proc/self/cmdline')
  ? []
  : ['<rootDir>/server/embedded/(?:account|parent-death|start-failure|start-server)\\.test'];
if (ofProcesses.length > 0) {
  process.stderr.write('\n!!! No /proc here: the tests of the processes of a server are SKIPPED.\n\n');
}

forgetAgents();

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
    ...ofProcesses,
  ],
  transform: { '\\.ts$': ['@swc/jest', { jsc: { target: 'es2022' } }] },
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  globalSetup: '<rootDir>/support/global-setup.ts',
  globalTeardown: '<rootDir>/support/global-teardown.ts',
  testTimeout: 60_000,
  maxWorkers: 2,
};
