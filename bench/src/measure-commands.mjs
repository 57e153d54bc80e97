import { createRequire } from 'node:module';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startChild } from './child.mjs';
import { findClientTools } from './find-client-tools.mjs';
import { rotate } from './rotate.mjs';
import { runProcess } from './run-process.mjs';
import { time } from './time.mjs';

const sessions = 10;
const require = createRequire(import.meta.url);

/** Whole commands, from the start of the process to its end, the start of Node included. */
export async function measureCommands(bench, { rounds }, progress) {
  const { host, port, user, password, database: maintenanceDatabase } = bench.maintenance;
  const env = { PGHOST: host, PGPORT: String(port), PGUSER: user, PGPASSWORD: password };
  const commands = [pgEvictCommand(bench.database, env)];
  for (const { name, directory } of findClientTools()) {
    commands.push(
      clientToolsCommand(bench.database, name, directory, { ...env, PGDATABASE: maintenanceDatabase }),
    );
  }
  const idle = startChild('idle-sessions-process.mjs', bench.role);
  const samples = [];
  try {
    for (let round = -1; round < rounds; round += 1) {
      for (const command of rotate(commands, round + 1)) {
        progress.show(`round ${Math.max(1, round + 1)} of ${rounds}: whole commands`);
        await bench.renew();
        await idle.ask(sessions);
        await sleep(10);
        const sample = await time(command.run);
        await idle.ask(0);
        if (round >= 0)
          samples.push({ method: command.method, command: command.line, sessions, round, ...sample });
      }
    }
  } finally {
    await idle.stop();
  }
  return samples;
}

function pgEvictCommand(database, env) {
  const manifest = require.resolve('pg-evict/package.json');
  const bin = join(manifest, '..', require(manifest).bin['pg-evict']);
  return {
    method: 'pg-evict',
    line: '`pg-evict recreate --yes`',
    run: async () => runProcess(process.execPath, [bin, 'recreate', database, '--yes'], env),
  };
}

function clientToolsCommand(database, name, directory, env) {
  const path = { PATH: [directory, process.env['PATH']].join(delimiter) };
  return {
    method: 'dropdb',
    line: `\`dropdb --force && createdb\`${name}`,
    run: async () =>
      runProcess('/bin/sh', ['-c', `dropdb --force ${database} && createdb ${database}`], {
        ...env,
        ...path,
      }),
  };
}
