// One run of tests as a machine makes it: hosts it, and has workers that go from file to file.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { beginHost, endHost } from '@pg-evict/testing';
import { Client } from 'pg';

const fill = async (to) => {
  const client = new Client(to);
  await client.connect();
  await client.query(await readFile(new URL('template.sql', import.meta.url), 'utf8'));
  await client.end();
};
const [url, workers] = process.argv.slice(2);
const tell = (message) => process.connected && process.send(message);

// What the parent says before the run has begun is kept.
let askedToEnd;
const toEnd = new Promise((done) => {
  askedToEnd = done;
});
process.on('message', askedToEnd);
process.on('disconnect', () => process.exit());

const host = await beginHost({
  url,
  cwd: import.meta.dirname,
  testing: { template: { setup: fill, inputs: 'template.sql' } },
}).catch((error) => {
  tell({ problem: `a run was not begun: ${error.message}` });
  throw error;
});
const children = Array.from({ length: Number(workers) }, () => {
  const child = fork(fileURLToPath(new URL('simulated-worker.mjs', import.meta.url)), {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  child.on('message', tell);
  tell({ pid: child.pid });
  return child;
});
await toEnd;
await Promise.all(
  children.map(async (child) => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.send('end', () => undefined);
    await exited;
  }),
);
await endHost(host);
process.disconnect();
