// Kills a runner, the host of its run, or one of its workers at random moments with SIGKILL, many times for each of Jest,
// Vitest, Node's test runner and Mocha. Nothing may go on running, and the next run sweeps what is left. Linux only.
//
//   node long/kills.mjs [how many for each runner, 50] [runner, …]
import { spawn } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startServer } from '@pg-evict/server';
import { Client } from 'pg';

const installed = join(dirname(dirname(fileURLToPath(import.meta.url))), 'node_modules');
const [count = '50', ...chosen] = process.argv.slice(2);
const fileCount = 6;

/** How long anything may go on after a kill. */
const goneMs = 60_000;

/** Vitest 4.1 waits for ever for a worker that was killed, also without us: Ctrl-C then ends it. */
const patienceMs = 5000;

const body = `
  const pool = new pg.Pool();
  test('finds the template, and changes it', async () => {
    const { rows } = await pool.query('SELECT count(*)::int AS n FROM t');
    if (rows[0].n !== 1) throw new Error('found ' + rows[0].n + ' rows');
    await pool.query("INSERT INTO t VALUES (2)");
    if (Math.random() < 0.3) await pool.query("CREATE TABLE extra ()");
    await new Promise((resolve) => setTimeout(resolve, 100));
    await pool.end();
  });`;

const runners = {
  jest: {
    files: {
      'jest.config.json': JSON.stringify({
        preset: '@pg-evict/jest',
        maxWorkers: 2,
        workerIdleMemoryLimit: '1MB',
      }),
    },
    file: (n) => [`tests/${n}.test.js`, `const pg = require('pg');${body}`],
    command: [join(installed, 'jest/bin/jest.js')],
  },
  vitest: {
    waitsForKilled: true,
    files: {
      'package.json': '{ "type": "module" }',
      'vitest.config.js': `import pgEvict from '@pg-evict/vitest';
        export default { plugins: [pgEvict()], test: { include: ['tests/**/*.test.js'], maxWorkers: 2 } };`,
    },
    file: (n) => [`tests/${n}.test.js`, `import pg from 'pg'; import { test } from 'vitest';${body}`],
    command: [join(installed, 'vitest/vitest.mjs'), 'run'],
  },
  'node-test': {
    files: {},
    file: (n) => [
      `tests/${n}.test.js`,
      `const pg = require('pg'); const { test } = require('node:test');${body}`,
    ],
    command: ['--import', '@pg-evict/testing/node-test', '--test', '--test-concurrency=2', ...paths('tests')],
  },
  mocha: {
    files: {},
    file: (n) => [`tests/${n}.test.js`, `const pg = require('pg'); const test = it;${body}`],
    command: [
      join(installed, 'mocha/bin/mocha.js'),
      '--require=@pg-evict/testing/mocha',
      '--parallel',
      '--jobs=2',
      ...paths('tests'),
    ],
  },
};

function paths(folder) {
  return Array.from({ length: fileCount }, (_, n) => `${folder}/${n}.test.js`);
}

const config = `const { Client } = require('pg');
module.exports = { testing: { template: { setup: async (url) => {
  const client = new Client(url);
  await client.connect();
  await client.query('CREATE TABLE t AS SELECT 1 AS id');
  await client.end();
} } } };`;

function makeProject({ files, file }) {
  const folder = mkdtempSync(join(tmpdir(), 'pg-evict-kills-'));
  mkdirSync(join(folder, 'tests'));
  const tests = Array.from({ length: fileCount }, (_, n) => file(n));
  const all = { 'package.json': '{}', 'pg-evict.config.cjs': config, ...files, ...Object.fromEntries(tests) };
  for (const [name, text] of Object.entries(all)) writeFileSync(join(folder, name), text);
  symlinkSync(installed, join(folder, 'node_modules'));
  return folder;
}

/** All processes: pid, parent, command; those that have ended and were not asked for are left out. */
function processes() {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const [, state, parent] = /^.*\) (\S) (\d+)/s.exec(readFileSync(`/proc/${name}/stat`, 'latin1'));
      const command = readFileSync(`/proc/${name}/cmdline`, 'latin1').replaceAll('\0', ' ');
      return state === 'Z' ? [] : [{ pid: Number(name), parent: Number(parent), command }];
    } catch {
      return [];
    }
  });
}

/** A runner's processes but itself: its host, where that is one of its own, and those below it. */
function others(root) {
  const all = processes();
  const below = new Set([root]);
  for (let size = 0; size !== below.size;) {
    size = below.size;
    for (const { pid, parent } of all) if (below.has(parent)) below.add(pid);
  }
  const isHost = ({ command }) => command.includes('host-program') && command.includes(`"runner":${root},`);
  const host = all.find(isHost);
  const workers = all.filter(
    ({ pid, command }) => below.has(pid) && pid !== root && pid !== host?.pid && command !== '',
  );
  return { host, workers };
}

function run({ command }, folder, env) {
  const child = spawn(process.execPath, command, {
    cwd: folder,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  // Not its output: a worker that goes on may have it.
  const ended = new Promise((resolve) => child.once('exit', (code) => resolve(code)));
  return { child, ended, output: () => output };
}

const server = await startServer({ kind: 'embedded', from: installed, settings: { max_connections: 200 } });
const { host, port, user, password, database } = server;
const admin = new Client({ host, port, user, password, database });
await admin.connect();
const left = async () =>
  (
    await admin.query(
      String.raw`SELECT datname FROM pg_database WHERE datname ~ '^pg_evict_(test|building|kept|new|old|drop)'`,
    )
  ).rows.map(({ datname }) => datname);
const env = { ...process.env, DATABASE_URL: server.url, NO_COLOR: '1', CI: '' };
for (const name of ['NODE_OPTIONS', 'NODE_TEST_CONTEXT', 'JEST_WORKER_ID', 'VITEST', 'PG_EVICT_HOST'])
  delete env[name];

let problems = 0;
const report = (text) => {
  problems += 1;
  process.stdout.write(`  problem: ${text}\n`);
};

async function killOnce(runner, folder, lastsMs) {
  const { child, ended } = run(runner, folder, env);
  const seen = new Map();
  const watch = () => {
    const { host: apart, workers } = others(child.pid);
    for (const one of [...workers, ...(apart === undefined ? [] : [apart])]) seen.set(one.pid, one.command);
    return { apart, workers };
  };
  const endsAt = Date.now() + Math.random() * lastsMs;
  while (Date.now() < endsAt && child.exitCode === null) {
    watch();
    await pause(30);
  }
  const { apart, workers } = watch();
  const victims = [['runner', child.pid]];
  if (apart !== undefined) victims.push(['host', apart.pid], ['host', apart.pid]);
  if (workers.length > 0) victims.push(['worker', workers[Math.floor(Math.random() * workers.length)].pid]);
  const [what, pid] =
    child.exitCode === null ? victims[Math.floor(Math.random() * victims.length)] : ['nobody', undefined];
  try {
    if (pid !== undefined) process.kill(pid, 'SIGKILL');
  } catch {
    // It has just ended.
  }
  const over = Date.now() + goneMs;
  const isThere = ({ pid: one, command }) => one === child.pid || seen.get(one) === command;
  let there = processes().filter(isThere);
  const interruptsAt = what === 'worker' && runner.waitsForKilled ? Date.now() + patienceMs : Infinity;
  let interrupted = false;
  while (there.length > 0 && Date.now() < over) {
    watch();
    await pause(50);
    if (!interrupted && Date.now() > interruptsAt && child.exitCode === null) {
      interrupted = true;
      child.kill('SIGINT');
    }
    there = processes().filter(isThere);
  }
  if (there.length > 0) {
    report(
      `${goneMs / 1000} s after the ${what} was killed, there are: ${there.map(({ command }) => command.slice(0, 150)).join('; ')}`,
    );
    for (const { pid: one } of there) process.kill(one, 'SIGKILL');
  }
  await ended;
  const hostLives = what === 'worker' || what === 'nobody' || (what === 'runner' && apart !== undefined);
  const databases = await left();
  if (hostLives && databases.length > 0 && seen.size > 0 && what !== 'runner') {
    report(`the host lived when the ${what} was killed, and left ${databases.join(', ')}`);
  }
  return { what: interrupted ? 'worker, then Ctrl-C' : what, databases: databases.length };
}

try {
  for (const [name, runner] of Object.entries(runners)) {
    if (chosen.length > 0 && !chosen.includes(name)) continue;
    const folder = makeProject(runner);
    const whole = async (when) => {
      const { child, ended, output } = run(runner, folder, env);
      const code = await ended;
      // A host that is a process of its own ends a moment later.
      for (const over = Date.now() + goneMs; others(child.pid).host !== undefined && Date.now() < over;)
        await pause(50);
      if (code !== 0) report(`the run ${when} ended with ${code}: ${output().slice(-3000)}`);
      const databases = await left();
      if (databases.length > 0) report(`the run ${when} left ${databases.join(', ')}`);
    };
    await whole('before');
    const begun = Date.now();
    await whole('before, timed');
    const lastsMs = Date.now() - begun;
    const victims = {};
    let most = 0;
    for (let n = 0; n < Number(count); n += 1) {
      const { what, databases } = await killOnce(runner, folder, lastsMs);
      victims[what] = (victims[what] ?? 0) + 1;
      most = Math.max(most, databases);
      if (n % 10 === 9) process.stderr.write(`${name}: ${n + 1} of ${count}, ${problems} problems\n`);
    }
    const before = (await left()).length;
    await whole('after');
    process.stdout.write(
      `${name}: killed ${JSON.stringify(victims)} within ${lastsMs} ms; at most ${most} databases were left after one, ${before} at the end, ${(await left()).length} after the next run\n`,
    );
    rmSync(folder, { recursive: true });
  }
} finally {
  await admin.end();
  await server.stop();
}
process.stdout.write(`${problems} problems\n`);
process.exitCode = problems === 0 ? 0 : 1;
