// What clients of a database notice while it is recreated again and again, with drain and without it, by the pool they use.
// Fails where drain cuts a query that was under way, or a recreate fails.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { recreateDatabase } from '@pg-evict/core';
import { describeMachine } from './src/describe-machine.mjs';
import { loadClients } from './src/load-clients.mjs';
import { startBenchServer } from './src/start-bench-server.mjs';

const { values } = parseArgs({
  options: {
    clients: { type: 'string', default: '20' },
    recreates: { type: 'string', default: '50' },
    drain: { type: 'string', default: '5000' },
    kinds: { type: 'string', default: Object.keys(loadClients).join(',') },
  },
});

const bench = await startBenchServer();
const rows = [];
const heading =
  '| client | drain | queries | sessions ended | cut | failed: 57P01 | per 100 sessions | failed otherwise | longest, ms | a recreate, ms |';
process.stdout.write(`${JSON.stringify(describeMachine(bench.server))}\n\n`);
process.stdout.write(`${heading}\n|${' --- |'.repeat(10)}\n`);
try {
  for (const kind of values.kinds.split(',')) {
    for (const drainMs of [0, Number(values.drain)]) {
      const row = await measure(kind, drainMs);
      rows.push(row);
      print(row);
    }
  }
} finally {
  await bench.stop();
}
process.exitCode = rows.some(({ drainMs, cut }) => drainMs > 0 && cut > 0) ? 1 : 0;

/** Recreates the database under the load of one kind of client. */
async function measure(kind, drainMs) {
  await bench.renew();
  const { host, port, user, database } = bench.role;
  const url = `postgres://${user}@${host}:${port}/${database}`;
  const program = fileURLToPath(new URL('src/load-process.mjs', import.meta.url));
  // knex says each failure on stderr, too.
  const child = fork(program, [url, values.clients, kind], { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
  await once(child, 'message');
  const row = { kind, drainMs, terminated: 0, drained: 0, cut: 0, recreateMs: 0 };
  for (let round = 0; round < Number(values.recreates); round += 1) {
    const options = { drainMs, timeoutMs: 60_000 };
    const done = await recreateDatabase({ connection: bench.maintenanceUrl(database) }, options);
    row.terminated += done.terminated.length;
    row.drained += done.drained.length;
    row.cut += done.cut.length;
    row.recreateMs += done.durationMs / Number(values.recreates);
    await pause(100);
  }
  const reported = once(child, 'message');
  child.send('end');
  const [tally] = await reported;
  return { ...row, ...tally };
}

function print({ cut, drainMs, failures, kind, longestMs, recreateMs, succeeded, terminated }) {
  const { '57P01': ended = 0, ...others } = failures;
  const cells = [
    kind,
    drainMs > 0 ? `${drainMs / 1000} s` : 'no',
    succeeded,
    terminated,
    drainMs > 0 ? cut : '',
    ended,
    Math.round((ended / terminated) * 1000) / 10,
    Object.entries(others)
      .map(([code, count]) => `${count} × ${code}`)
      .join(', ') || '0',
    Math.round(longestMs),
    Math.round(recreateMs),
  ];
  process.stdout.write(`| ${cells.join(' | ')} |\n`);
}
