import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { serverUrl } from '../../support/server.js';

/** As under Bun, where asking for the resource that now runs ends in a stack overflow. */
const program = `
  Object.defineProperty(process.versions, 'bun', { value: '1.4.5' });
  const resource = {};
  require('node:async_hooks').executionAsyncResource = () => {
    // Newer Nodes ask for it by themselves.
    if (/\\bnode:/.test(new Error().stack.split('\\n')[2])) return resource;
    throw new RangeError('asked for the resource');
  };
  const { watchSockets } = require('@pg-evict/testing');
  const { Client } = require('pg');
  const { hostname: host, port } = new URL(process.env.URL);
  (async () => {
    const watch = watchSockets({ file: 'a.test.js', server: { host, port: Number(port) } });
    const client = new Client(process.env.URL);
    await client.connect();
    await client.query('SELECT 1');
    console.log(watch.openSockets().length);
    await client.end();
    watch.end();
  })();
`;

test('under Bun sockets are watched, without the lines behind a queue, and the process goes on', async () => {
  const { stdout, stderr } = await promisify(execFile)(process.execPath, ['-e', program], {
    cwd: resolve(__dirname, '../..'),
    env: { ...process.env, URL: serverUrl() },
  });
  expect({ stdout: stdout.trim(), stderr }).toEqual({ stdout: '1', stderr: '' });
});
