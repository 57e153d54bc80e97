import { join } from 'node:path';
import { packageDirectory } from './package-directory.cjs';

/** `preset: '@pg-evict/jest'` */
const preset = {
  testEnvironment: join(packageDirectory, 'index.js'),
  globalSetup: join(packageDirectory, 'global-setup.js'),
  setupFiles: [join(packageDirectory, 'outside.cjs')],
  globalTeardown: join(packageDirectory, 'global-teardown.js'),
};

export default preset;
