import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PgEvictError } from '@pg-evict/core';
import { startDetachedHost } from '@pg-evict/testing/worker';
import { failureOf } from '../../support/core/failure.js';

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
