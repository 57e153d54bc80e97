import config from '../jest.config.mjs';

/**
 * Servers in containers. Needs a Docker engine (with-engine.sh starts one); the image is the default one, or that of
 * PG_EVICT_TEST_IMAGE (build-image.sh makes one without a registry).
 */
const { globalSetup: _setup, globalTeardown: _teardown, ...inherited } = config;

export default {
  ...inherited,
  rootDir: '..',
  testMatch: ['<rootDir>/docker/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
  // Tests look at the whole engine.
  maxWorkers: 1,
  // A first test may have to wait for the image.
  testTimeout: 180_000,
};
