import { type ChildProcess, fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
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
import { join, resolve } from 'node:path';
import type { PgEvictError } from '@pg-evict/core';
import { startDetachedHost } from '@pg-evict/testing/worker';
import { failureOf } from '../../support/core/failure.js';
import { until } from '../../support/server.js';

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'pg-evict-detached-')));
afterAll(() => {
  rmSync(folder, { recursive: true });
  for (const place of places()) rmSync(join(tmpdir(), place), { recursive: true });
});

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

/** Waits for what a process says next. */
const said = async (child: ChildProcess): Promise<unknown> =>
  ((await once(child, 'message')) as [unknown])[0];

/** Kills a process, and waits until it does not run any more; its parent may not have asked for it yet. */
async function kill(pid: number): Promise<void> {
  process.kill(pid, 'SIGKILL');
  const state = (): string =>
    spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' }).stdout;
  await until(async () => Promise.resolve(/^Z|^$/.test(state())), `process ${pid} to end`);
}

test.each([
  ['is killed', `process.kill(process.pid, 'SIGKILL'); for (;;);`, 'It said nothing: was it killed?'],
  ['fails', `throw new Error('of the program');`, 'of the program'],
])('a host that %s before it has answered is not waited for', async (_what, source, words) => {
  for (let n = 0; n < 2; n += 1) {
    expect(await begin(source)).toMatchObject({
      code: 'UNEXPECTED',
      message: expect.stringContaining('The host of the run has ended before the run had begun.'),
      hint: expect.stringContaining(words),
    });
  }
});

test('if a process was killed before it had started a host, the next one starts the host', async () => {
  await begin('process.exit(1)');
  const before = places();
  const place = join(tmpdir(), (before[0] ?? '').replace(/\d+$/, String(before.length)));
  mkdirSync(place, { mode: 0o700 });
  const dead = spawnSync(process.execPath, ['--version']).pid;
  writeFileSync(join(place, 'pid'), String(dead));
  expect(await begin('process.exit(1)')).toMatchObject({ code: 'UNEXPECTED' });
  expect(places().length).toBe(before.length + 2);
});

test('places of runners that are gone are removed, and no others', async () => {
  const dead = spawnSync(process.execPath, ['--version']).pid;
  await begin('process.exit(1)');
  const [own = ''] = places();
  const left = join(tmpdir(), own.replace(`-${process.pid}-`, `-${dead}-`));
  const hosted = `${left}-hosted`;
  for (const [place, pid] of [
    [left, dead],
    [hosted, process.pid],
  ] as const) {
    mkdirSync(place);
    writeFileSync(join(place, 'pid'), String(pid));
  }
  await begin('process.exit(1)');
  expect([left, hosted, join(tmpdir(), own)].map((place) => existsSync(place))).toEqual([false, true, true]);
  rmSync(hosted, { recursive: true });
});

test('if several processes find their host dead at the same time, one of them starts the next', async () => {
  const program = join(folder, 'host.cjs');
  const started = join(folder, 'started');
  writeFileSync(
    program,
    `const { appendFileSync, renameSync, writeFileSync } = require('node:fs');
    const { place, runner } = JSON.parse(process.argv[2]);
    appendFileSync(${JSON.stringify(started)}, process.pid + '\\n');
    writeFileSync(place + '/new', JSON.stringify({ pid: process.pid, address: '2:secret:/host/' + process.pid }));
    renameSync(place + '/new', place + '/host.json');
    setInterval(() => { try { process.kill(runner, 0); } catch { process.exit(); } }, 100);`,
  );
  const hosts = (): number[] => readFileSync(started, 'utf8').trim().split('\n').map(Number);
  const children = await Promise.all(
    Array.from({ length: 4 }, async () => {
      const child = fork(resolve(__dirname, '../../support/testing/host/waiter-child.mjs'), { execArgv: [] });
      expect(await said(child)).toBe('ready');
      return child;
    }),
  );
  try {
    for (let n = 1; n <= 5; n += 1) {
      if (n > 1) await kill(hosts().at(-1) ?? Number.NaN);
      const found = Promise.all(children.map(said));
      for (const child of children)
        child.send({ directory: join(folder, 'own'), runner: process.pid, program });
      const addresses = await found;
      expect(new Set(addresses)).toEqual(new Set([`2:secret:/host/${hosts().at(-1)}`]));
      expect(hosts().length).toBe(n);
    }
  } finally {
    for (const child of children) child.kill();
    process.kill(hosts().at(-1) ?? Number.NaN, 'SIGKILL');
  }
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
