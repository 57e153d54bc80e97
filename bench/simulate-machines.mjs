// Many machines on one server: runs of tests begin, work and are killed at random against one server with many databases.
// Fails where a run loses a database, something of the dead stays, or there are more connections than 3 per worker.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { sweepTestDatabases } from '@pg-evict/testing';
import { startServer } from '@pg-evict/server';
import { Client } from 'pg';
import { describeMachine } from './src/describe-machine.mjs';
import { median } from './src/median.mjs';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '32' },
    databases: { type: 'string', default: '2000' },
    seconds: { type: 'string', default: '300' },
    folder: { type: 'string' },
  },
});
const runs = Number(values.runs);
const databases = Number(values.databases);
const workers = 2;

const server = await startServer({
  kind: 'embedded',
  from: fileURLToPath(new URL('.', import.meta.url)),
  parentDirectory: values.folder,
  settings: { max_connections: 100 + runs * workers * 4, autovacuum: 'on' },
});
const client = new Client(server.url);
await client.connect();
const target = { connection: server.url };
const tally = { begun: 0, ended: {}, files: 0, problems: [] };
const connections = [];
const living = new Set();
const sweeps = [];
try {
  await fill();
  const endsAt = performance.now() + Number(values.seconds) * 1000;
  await Promise.all(Array.from({ length: runs }, async () => keepOneRunning(endsAt)));
  await lookForLeftovers();
  report();
} finally {
  await client.end();
  await server.stop();
}
process.exitCode = tally.problems.length > 0 ? 1 : 0;

/** Makes the databases of others, and looks at four sizes how long a sweep takes. */
async function fill() {
  for (let n = 1; n <= databases; n += 1) {
    await client.query(`CREATE DATABASE other_${n} STRATEGY file_copy`);
    if (n % Math.ceil(databases / 4) !== 0 && n !== databases) continue;
    const times = [];
    for (let round = 0; round < 5; round += 1) {
      const startedAt = performance.now();
      await sweepTestDatabases(target, { dryRun: true });
      times.push(performance.now() - startedAt);
    }
    sweeps.push({ databases: n, ms: Math.round(median(times) * 10) / 10 });
  }
}

/** One machine: a run after the other, each ended or killed after some seconds. */
async function keepOneRunning(endsAt) {
  while (performance.now() < endsAt) {
    const run = fork(
      fileURLToPath(new URL('src/simulated-run.mjs', import.meta.url)),
      [server.url, String(workers)],
      {
        stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      },
    );
    const state = { pids: [run.pid] };
    living.add(state);
    tally.begun += 1;
    const exited = once(run, 'exit');
    run.on('message', ({ files = 0, problem, pid }) => {
      tally.files += files;
      if (pid !== undefined) state.pids.push(pid);
      // Who is just being killed may see its own run go.
      if (problem !== undefined && state.doomed !== true) tally.problems.push(problem);
    });
    await Promise.race([exited, pause(3000 + Math.random() * 15_000)]);
    connections.push(await countConnections());
    await end(run, state);
    await exited;
    for (const pid of state.pids.slice(1)) kill(pid);
    living.delete(state);
  }
}

/** Ends a run: properly, or by killing a worker, the process that began it, or all of it at once. */
async function end(run, state) {
  const how = ['properly', 'a worker', 'its process', 'all of it'][Math.floor(Math.random() * 4)];
  if (run.exitCode !== null || run.signalCode !== null) return;
  tally.ended[how] = (tally.ended[how] ?? 0) + 1;
  if (how === 'its process' || how === 'all of it') state.doomed = true;
  if (how === 'all of it') for (const pid of state.pids.slice(1)) kill(pid);
  if (how === 'its process' || how === 'all of it') run.kill('SIGKILL');
  if (how === 'a worker') {
    kill(state.pids.at(-1));
    await pause(500 + Math.random() * 1000);
  }
  if (how === 'a worker' || how === 'properly') run.send('end', () => undefined);
}

function kill(pid) {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It is gone.
  }
}

/** How many connections there are for each worker that lives, without our own. */
async function countConnections() {
  const { rows } = await client.query(
    `SELECT count(*)::int AS count FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()`,
  );
  return { connections: rows[0].count, workers: living.size * workers };
}

/** The server goes on with a statement whose client is dead: a database may come that nobody has asked for any more. */
async function untilTheDeadAreGone() {
  const endsAt = performance.now() + 20_000;
  while ((await countConnections()).connections > 0 && performance.now() < endsAt) await pause(50);
}

async function lookForLeftovers() {
  await untilTheDeadAreGone();
  const startedAt = performance.now();
  const { dropped, failed } = await sweepTestDatabases(target, { kept: true, templates: true });
  tally.lastSweep = { dropped: dropped.length, ms: Math.round(performance.now() - startedAt) };
  tally.problems.push(...failed.map(({ database, reason }) => `${database} was not swept: ${reason}`));
  const { rows } = await client.query(
    `SELECT count(*) FILTER (WHERE datname LIKE 'pg\\_evict\\_%')::int AS ours,
       count(*) FILTER (WHERE datname LIKE 'other\\_%')::int AS others FROM pg_database`,
  );
  if (rows[0].ours > 0) tally.problems.push(`${rows[0].ours} databases of dead runs stay`);
  if (rows[0].others !== databases)
    tally.problems.push(`${databases - rows[0].others} databases of others are gone`);
}

function report() {
  const perWorker = connections.map((one) => one.connections / one.workers).filter(Number.isFinite);
  // Backends of what was just killed are there for a moment.
  const most = Math.max(...perWorker);
  if (tally.files === 0) tally.problems.push('no worker has come to the end of a test file');
  if (median(perWorker) > 3) tally.problems.push(`${median(perWorker)} connections for each worker`);
  const { problems, ...numbers } = tally;
  const figures = {
    machine: describeMachine(server),
    runs,
    workers,
    others: databases,
    seconds: Number(values.seconds),
    ...numbers,
    connections: {
      most: Math.max(...connections.map((one) => one.connections)),
      perWorker: { median: Math.round(median(perWorker) * 100) / 100, most: Math.round(most * 100) / 100 },
    },
    sweeps,
    problems: problems.slice(0, 20),
  };
  process.stdout.write(`${JSON.stringify(figures, null, 2)}\n`);
}
