// Runs two hundred test files, each in a process of its own: Jest with `workerIdleMemoryLimit: '1MB'`, and Vitest as it
// is. There may never be more test databases than workers and two. Asks the server every 20 ms, and prints the most.
//
//   node long/many-files.mjs [how many files, 200] [runner, …]
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startServer } from '@pg-evict/server';
import { Client } from 'pg';

const installed = join(dirname(dirname(fileURLToPath(import.meta.url))), 'node_modules');
const [count = '200', ...chosen] = process.argv.slice(2);
const workers = 2;

const body = `
  const pool = new pg.Pool();
  test('finds the template, and changes it', async () => {
    const { rows } = await pool.query('SELECT count(*)::int AS n FROM t');
    if (rows[0].n !== 1) throw new Error('found ' + rows[0].n + ' rows');
    await pool.query('INSERT INTO t VALUES (2)');
    await pool.end();
  });`;

const runners = {
  jest: {
    files: {
      'package.json': '{}',
      'jest.config.json': JSON.stringify({
        preset: '@pg-evict/jest',
        maxWorkers: workers,
        workerIdleMemoryLimit: '1MB',
      }),
    },
    file: `const pg = require('pg');${body}`,
    command: [join(installed, 'jest/bin/jest.js'), '--silent'],
  },
  vitest: {
    files: {
      'package.json': '{ "type": "module" }',
      'vitest.config.js': `import pgEvict from '@pg-evict/vitest';
        export default { plugins: [pgEvict()], test: { include: ['tests/**/*.test.js'], maxWorkers: ${workers} } };`,
    },
    file: `import pg from 'pg'; import { test } from 'vitest';${body}`,
    command: [join(installed, 'vitest/vitest.mjs'), 'run', '--reporter=dot'],
  },
};

const config = `const { Client } = require('pg');
module.exports = { testing: { template: { setup: async (url) => {
  const client = new Client(url);
  await client.connect();
  await client.query('CREATE TABLE t AS SELECT 1 AS id');
  await client.end();
} } } };`;

function makeProject({ files, file }) {
  const folder = mkdtempSync(join(tmpdir(), 'pg-evict-many-'));
  mkdirSync(join(folder, 'tests'));
  for (const [name, text] of Object.entries({ 'pg-evict.config.cjs': config, ...files })) {
    writeFileSync(join(folder, name), text);
  }
  for (let n = 0; n < Number(count); n += 1) writeFileSync(join(folder, `tests/${n}.test.js`), file);
  symlinkSync(installed, join(folder, 'node_modules'));
  return folder;
}

/** How many test databases there are. */
async function countDatabases(client) {
  const { rows } = await client.query(
    "SELECT count(*)::int AS n FROM pg_database WHERE datname LIKE 'pg\\_evict\\_test\\_%'",
  );
  return rows[0].n;
}

/** The most that there are until `isOver` says so. */
async function mostDatabases(client, isOver) {
  let most = 0;
  while (!isOver()) {
    most = Math.max(most, await countDatabases(client));
    await pause(20);
  }
  return most;
}

async function run(name, server, client) {
  const folder = makeProject(runners[name]);
  try {
    const child = spawn(process.execPath, runners[name].command, {
      cwd: folder,
      env: { ...process.env, DATABASE_URL: server.url, NO_COLOR: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
    let isOver = false;
    const ended = once(child, 'close').finally(() => (isOver = true));
    const most = await mostDatabases(client, () => isOver);
    const [code] = await ended;
    const left = await countDatabases(client);
    const passed = /Tests:? +(\d+) passed/.exec(output)?.[1];
    process.stdout.write(
      `${name}: ${passed} of ${count} passed, code ${code}, at most ${most} databases, ${left} left\n`,
    );
    if (code === 0 && passed === count && most > 0 && most <= workers + 2 && left === 0) return;
    process.stdout.write(output.slice(-4000));
    process.exitCode = 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const server = await startServer({ kind: 'embedded' });
const client = new Client(server.url);
await client.connect();
try {
  for (const name of chosen.length > 0 ? chosen : Object.keys(runners)) await run(name, server, client);
} finally {
  await client.end();
  await server.stop();
}
