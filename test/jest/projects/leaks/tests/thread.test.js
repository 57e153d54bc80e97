const { Worker } = require('node:worker_threads');

test('leaves a thread that is connected', async () => {
  const script = `
    const { Client } = require('pg');
    const client = new Client({ connectionString: process.env.DATABASE_URL, application_name: 'thread' });
    client.on('error', () => process.exit());
    client.connect().then(() => require('node:worker_threads').parentPort.postMessage('connected'));`;
  const worker = new Worker(script, { eval: true, env: { ...process.env } });
  await new Promise((resolve) => worker.once('message', resolve));
});
