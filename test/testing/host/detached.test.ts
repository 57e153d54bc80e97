import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PgEvictError } from '@pg-evict/core';
import { startDetachedHost } from '@pg-evict/testing/worker';
import { failureOf } from '../../support/core/failure.js';
import { until } from '../../support/server.js';

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'pg-evict-detached-')));
afterAll(() => rmSync(folder, { recursive: true }));

/** Begins a run with a program as its host. */
const begin = async (source: string): Promise<PgEvictError> => {
  const program = join(folder, 'program.cjs');
  writeFileSync(program, source);
  return failureOf(
    (async () => {
      startDetachedHost({ directory: folder, runner: process.pid, program });
      return Promise.resolve();
    })(),
  );
};

/** Where processes of one runner agree on a host. */
const places = (): string[] =>
  readdirSync(tmpdir()).filter(
    (name) => name.startsWith('pg-evict-run-') && name.includes(`-${process.pid}-`),
  );

test.each([
  ['is killed', `process.kill(process.pid, 'SIGKILL'); for (;;);`, 'It said nothing: was it killed?'],
  ['fails', `throw new Error('of the program');`, 'of the program'],
])('a host that %s before it has answered is not waited for', async (_what, source, said) => {
  for (let n = 0; n < 2; n += 1) {
    expect(await begin(source)).toMatchObject({
      code: 'UNEXPECTED',
      message: expect.stringContaining('The host of the run has ended before the run had begun.'),
      hint: expect.stringContaining(said),
    });
    expect(places()).toEqual([]);
  }
});

test('what a process has left that was killed before it had started a host is taken over', async () => {
  await begin(
    `require('node:fs').writeFileSync(JSON.parse(process.argv[2]).place + '.seen', ''); process.exit(1);`,
  );
  const seen = join(tmpdir(), places()[0] ?? '');
  rmSync(seen);
  const place = seen.replace(/\.seen$/, '');
  mkdirSync(place, { mode: 0o700 });
  const dead = spawnSync(process.execPath, ['--version']).pid;
  writeFileSync(join(place, 'pid'), String(dead));
  expect(await begin('process.exit(1)')).toMatchObject({ code: 'UNEXPECTED' });
  expect(places()).toEqual([]);
});

test('the host of a process whose runner has ended already ends with that process', async () => {
  const program = join(folder, 'tells.cjs');
  writeFileSync(
    program,
    `const { place, runner } = JSON.parse(process.argv[2]);
    require('node:fs').writeFileSync(place + '/host.json', JSON.stringify({ pid: process.pid, address: String(runner) }));
    setTimeout(() => undefined, 5000);`,
  );
  const orphan = join(folder, 'orphan.cjs');
  writeFileSync(
    orphan,
    `const { startDetachedHost } = require(${JSON.stringify(require.resolve('@pg-evict/testing/worker'))});
    startDetachedHost({ directory: __dirname, runner: process.ppid, program: ${JSON.stringify(program)} });
    const { writeFileSync, renameSync } = require('node:fs');
    writeFileSync('told.new', process.pid + ' ' + process.env.PG_EVICT_HOST);
    renameSync('told.new', 'told');`,
  );
  // The shell is gone when the process asks for its parent.
  spawnSync('sh', ['-c', `(sleep 0.3; exec "$0" "$1") >/dev/null 2>&1 &`, process.execPath, orphan], {
    cwd: folder,
  });
  const told = join(folder, 'told');
  await until(async () => Promise.resolve(existsSync(told)), 'the orphan to have a host');
  const [pid, host] = readFileSync(told, 'utf8').split(' ');
  const place = readdirSync(tmpdir()).find(
    (name) => name.startsWith('pg-evict-run-') && name.includes(`-${pid}-`),
  );
  rmSync(join(tmpdir(), place ?? '/none'), { recursive: true });
  expect(host).toBe(pid);
});
