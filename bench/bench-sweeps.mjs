// How long a sweep takes by the number of other databases on the server, and of those that it drops. See README.md.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { sweepTestDatabases } from '@pg-evict/testing';
import { Client } from 'pg';
import { describeMachine } from './src/describe-machine.mjs';
import { drawLines } from './src/draw-lines.mjs';
import { median } from './src/median.mjs';
import { startProgress } from './src/progress.mjs';
import { startBenchServer } from './src/start-bench-server.mjs';
import { table } from './src/table.mjs';

const { values } = parseArgs({
  options: {
    databases: { type: 'string', default: '0,250,500,1000' },
    left: { type: 'string', default: '10,40' },
    rounds: { type: 'string', default: '5' },
    plot: { type: 'string' },
  },
});
const list = (text) => text.split(',').map(Number);
const [counts, lefts] = [list(values.databases), list(values.left)];
const progress = startProgress();
const bench = await startBenchServer();
const client = new Client(bench.server.url);
try {
  await client.connect();
  const rows = [];
  for (const count of counts) {
    progress.show(`${count} databases`);
    await makeOthers(count);
    const row = { count, look: await timed(() => sweep({ dryRun: true })), drops: [] };
    for (const left of lefts) row.drops.push(await timed(sweep, () => leave(left)));
    rows.push(row);
  }
  progress.stop();
  report(rows);
} finally {
  progress.stop();
  await client.end();
  await bench.stop();
}

async function makeOthers(count) {
  const [{ made }] = (
    await client.query(`SELECT count(*)::int AS made FROM pg_database WHERE datname LIKE 'other\\_%'`)
  ).rows;
  for (let n = made; n < count; n += 1) {
    await client.query(`CREATE DATABASE other_${n} STRATEGY file_copy`);
  }
}

/** The median of some rounds, in milliseconds; what comes before each is not counted. */
async function timed(work, prepare = async () => undefined) {
  const times = [];
  for (let round = 0; round < Number(values.rounds); round += 1) {
    await prepare();
    const startedAt = performance.now();
    await work();
    times.push(performance.now() - startedAt);
  }
  return median(times);
}

async function sweep(options = {}) {
  const { failed } = await sweepTestDatabases({ connection: bench.server.url }, options);
  if (failed.length > 0) throw new Error(`${failed[0].database} was not swept: ${failed[0].reason}`);
}

/** Has a run that is killed leave so many databases. */
async function leave(count) {
  const before = await countSessions();
  const program = fileURLToPath(new URL('src/left-databases-process.mjs', import.meta.url));
  const run = fork(program, [bench.server.url, String(count)], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const ended = once(run, 'exit');
  const [said] = await Promise.race([once(run, 'message'), ended]);
  if (said !== 'ready') throw new Error('the run that was to be killed has ended by itself');
  run.kill('SIGKILL');
  await ended;
  // Its sessions end, and their locks with them, as soon as the server notices.
  while ((await countSessions()) > before) await new Promise((resolve) => setTimeout(resolve, 20));
}

async function countSessions() {
  const { rows } = await client.query(
    `SELECT count(*)::int AS sessions FROM pg_stat_activity WHERE backend_type = 'client backend'`,
  );
  return rows[0].sessions;
}

function report(rows) {
  const machine = describeMachine(bench.server);
  const names = ['looks only', ...lefts.map((left) => `drops ${left}`)];
  const msOf = ({ look, drops }) => [look, ...drops];
  process.stdout.write(
    `${JSON.stringify(machine)}\n\n${table(
      ['other databases', ...names.map((name) => `${name}, ms`)],
      rows.map((row) => [String(row.count), ...msOf(row).map((ms) => ms.toFixed(1))]),
    )}\n`,
  );
  if (values.plot === undefined) return;
  writeFileSync(
    values.plot,
    drawLines({
      title: `A sweep, ms, by other databases (PostgreSQL ${machine.postgresql}, ${machine.cpus} CPUs)`,
      label: 'Milliseconds of a sweep by the number of other databases on the server',
      counts,
      isToScale: true,
      lines: names.map((name, index) => ({
        name,
        points: rows.map((row) => ({ count: row.count, ms: msOf(row)[index] })),
      })),
    }),
  );
}
