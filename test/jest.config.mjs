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

/** Only a test that hangs takes this long; on a machine that is busy or slow, others take many times their usual. */
const longMs = 600_000;

/** A project: the tests of some folders, how long each may take, and what else is particular to it. */
const project = (displayName, testTimeoutMs, settings) => ({
  displayName,
  rootDir: import.meta.dirname,
  testEnvironment: 'node',
  testMatch: [`<rootDir>/long/${displayName}/**/*.test.ts`],
  testPathIgnorePatterns: ['/node_modules/'],
  modulePathIgnorePatterns: ['<rootDir>/jest/projects/', '<rootDir>/matrix/', '<rootDir>/native/'],
  transform: { '\\.ts$': ['@swc/jest', { jsc: { target: 'es2022' } }] },
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  setupFilesAfterEnv: ['<rootDir>/support/test-timeout.ts'],
  globals: { testTimeoutMs },
  ...settings,
});

/** One server for all tests of the run, of the major in PG_VERSION; none of them may leave a database on it. */
const withServer = {
  globalSetup: '<rootDir>/support/global-setup.ts',
  globalTeardown: '<rootDir>/support/global-teardown.ts',
};

/** Tests of some folders on the server of the run. */
const inFolders = (displayName, folders, ignored = []) =>
  project(displayName, longMs, {
    ...withServer,
    testMatch: folders.map((folder) => `<rootDir>/${folder}/**/*.test.ts`),
    testPathIgnorePatterns: ['/node_modules/', '<rootDir>/jest/projects/', ...ignored],
  });

/** The engine: some minutes. */
const suite = inFolders('suite', ['config', 'core', 'docs']);

const ofPrograms = [
  // Our command, knex's, and servers.
  inFolders('commands', ['cli', 'knex', 'server'], ofProcesses),
  // Test databases; real runs of Jest, Vitest, Mocha and node:test.
  inFolders('runners', ['jest', 'testing', 'vitest']),
];

const others = [
  // Operations against a crowd that reconnects.
  project('storm', longMs, withServer),
  // Kills, crashes, cut connections: on servers of its own.
  project('faults', longMs),
  // Real Jest in every kind of project, and ended in every way.
  project('jest', longMs, withServer),
  // Test databases that are changed at random and reset.
  project('reset', 1_800_000, withServer),
  // Dumps made at random, restored by us and by psql.
  project('dumps', 5_400_000, withServer),
  // Servers in containers. Needs a Docker engine (docker/with-engine.sh starts one); the image is the default one, or
  // that of PG_EVICT_TEST_IMAGE (docker/build-image.sh makes one without a registry), for which a first test may have to
  // wait.
  project('docker', 600_000, { testMatch: ['<rootDir>/docker/*.test.ts'] }),
  // The packed packages, installed outside the workspace from the npm registry.
  project('packages', 1_200_000, {
    testMatch: ['<rootDir>/packages/*.test.ts'],
    globalSetup: '<rootDir>/support/packages/pack-workspace.ts',
    globalTeardown: '<rootDir>/support/packages/remove-packed.ts',
  }),
];

// Without --selectProjects it is the suite; `jest cli/restore` finds what it names in the other short ones, too.
const isSelected = process.argv.some((argument) => argument.startsWith('--selectProjects'));
const namesFiles = process.argv.slice(2).some((argument) => !argument.startsWith('-'));
const short = namesFiles ? [suite, ...ofPrograms] : [suite];

// With this variable each of some thousand programs that the tests start reads a file of certificates first, which can
// take Node longer than all else it does. Only what asks a registry needs it.
const asksRegistry = process.argv.some((argument) =>
  /^(?:--selectProjects=)?(?:packages|docker)$/.test(argument),
);
if (!asksRegistry) delete process.env['NODE_EXTRA_CA_CERTS'];

/** @type {import('jest').Config} */
export default {
  projects: isSelected ? [suite, ...ofPrograms, ...others] : short,
  // Most of the time a test waits, for its server or for a program.
  maxWorkers: 3,
  ...(process.env.PG_EVICT_CI_COUNTS && { reporters: ['default', '../.ci/count-tests.cjs'] }),
};
