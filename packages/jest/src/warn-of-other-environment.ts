import type { ProjectConfig } from './projects.js';

/**
 * Says on stderr that test files work on the configured database: a `testEnvironment` of the project's own takes the place
 * of the preset's. Known only of Jest's own environments; others may be made of ours. No error, as files may name ours in
 * a docblock.
 */
export function warnOfOtherEnvironment({ rootDir, testEnvironment = '' }: ProjectConfig): void {
  const [, name] = /[\\/]jest-environment-(node|jsdom)[\\/]/.exec(testEnvironment) ?? [];
  if (name === undefined) return;
  const ours = name === 'jsdom' ? '@pg-evict/jest/jsdom' : '@pg-evict/jest';
  process.stderr.write(
    `The testEnvironment of ${rootDir} is Jest's "${name}", so its test files have no database of their own: they work on the configured one. Take it out of Jest's configuration, or make it "${ours}".\n`,
  );
}
