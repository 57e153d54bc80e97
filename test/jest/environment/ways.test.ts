import { createServer, type RequestListener } from 'node:http';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { withClient } from '../../support/server.js';
import { jestVersions } from '../../support/jest/jest-installation.js';
import { JestFixture } from '../../support/jest/jest-fixture.js';
import { inBand, withWorkers } from '../../support/jest/jest-project.js';

const insert = `const { Client } = require('pg');
(async () => {
  const client = new Client({ connectionString: process.env.DATABASE_URL });
  await client.connect();
  await client.query("INSERT INTO notes VALUES ('more')");
  await client.end();
})();`;

/** Ways to the server other than a socket of the test file's own. */
const ways = {
  'a child process': `const { spawn } = require('child_process');
    const change = () => new Promise((done) =>
      spawn(process.execPath, ['-e', insert], { stdio: 'inherit' }).once('close', done));`,
  'a child process that is waited for': `const { execFileSync } = require('node:child_process');
    const change = async () => execFileSync(process.execPath, ['-e', insert]);`,
  'a shell': `const { execSync } = require('child_process');
    const change = async () => execSync('"$NODE" -e "$CODE"', {
      env: { ...process.env, NODE: process.execPath, CODE: insert },
    });`,
  'a process of a cluster': `const cluster = require('cluster');
    const change = async () => {
      const exec = __dirname + '/insert.js';
      require('fs').writeFileSync(exec, insert.replace(/}\\)\\(\\);$/, '  process.exit(); })();'));
      cluster.setupPrimary({ exec });
      await new Promise((done) => cluster.fork().once('exit', done));
    };`,
  'a thread': `const { Worker } = require('worker_threads');
    const change = () => new Promise((done) =>
      new Worker(insert, { eval: true, env: process.env }).once('exit', done));`,
};

const file = (way: string): string => `const insert = ${JSON.stringify(insert)};
  ${way}
  test('changes the database and connects to nothing', async () => { await change(); });`;

const looking = `const { Client } = require('pg');
  test('finds the template', async () => {
    const client = new Client({ connectionString: process.env.DATABASE_URL });
    await client.connect();
    const { rows } = await client.query('SELECT text FROM notes');
    await client.end();
    expect(rows).toEqual([{ text: 'template' }]);
  });`;

/** Runs files in the order of their names. */
const inOrder = `module.exports = class {
  sort(tests) { return [...tests].sort((a, b) => (a.path < b.path ? -1 : 1)); }
  allFailedTests(tests) { return tests; }
  cacheResults() {}
};`;

/** A program that was there before the tests: it inserts into whatever database a URL names. */
const program = async (url: string): Promise<void> => {
  await withClient(url, async (client) => client.query("INSERT INTO notes VALUES ('more')"));
};

describe('changes of a test file to its database', () => {
  const fixture = new JestFixture();

  it('through a connection of an agent that a file before it opened is undone before the next', async () => {
    // Who is asked for nothing keeps the connection, as servers do.
    const serve: RequestListener = (request, response) => {
      const url = decodeURIComponent((request.url ?? '').slice(1));
      if (url === '') return void response.end();
      void program(url).then(() => response.setHeader('connection', 'close').end());
    };
    const server = createServer(serve).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const asking = (path: string, reused: boolean): string => `const http = require('http');
      test('asks', async () => {
        const request = http.get({ port: ${port}, host: '127.0.0.1', path: '/' + ${path} });
        const response = await new Promise((done) => request.once('response', done));
        response.resume();
        await new Promise((done) => response.once('end', done));
        expect(request.reusedSocket).toBe(${reused});
        await new Promise((done) => setImmediate(done));
      });`;
    try {
      const project = fixture.project('plain', {
        'tests/one.test.js': asking(`''`, false),
        'tests/three.test.js': asking('encodeURIComponent(process.env.DATABASE_URL)', true),
        'tests/two.test.js': looking,
        'in-order.js': inOrder,
      });
      const run = await project.run({ parameters: [...inBand, '--testSequencer=./in-order.js'] });
      expect(run.stderr).not.toContain('Error');
      expect(run).toMatchObject({ code: 0, passed: 3 });
    } finally {
      server.close();
    }
  });

  it('through a datagram is undone before the next', async () => {
    const socket = createSocket('udp4');
    socket.on('message', (url, { port, address }) => {
      void program(url.toString()).then(() => socket.send('done', port, address));
    });
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    try {
      const project = fixture.project('plain', {
        'tests/one.test.js': `const { createSocket } = require('dgram');
          test('sends', async () => {
            const socket = createSocket('udp4');
            socket.send(process.env.DATABASE_URL, ${socket.address().port}, '127.0.0.1');
            await new Promise((done) => socket.once('message', done));
            socket.close();
          });`,
        'tests/two.test.js': looking,
        'in-order.js': inOrder,
      });
      const run = await project.run({ parameters: [...inBand, '--testSequencer=./in-order.js'] });
      expect(run).toMatchObject({ code: 0, passed: 2 });
    } finally {
      socket.close();
    }
  });

  it.each(Object.entries(ways))('through %s is undone before the next', async (_way, code) => {
    const project = fixture.project('plain', {
      'tests/one.test.js': file(code),
      'tests/two.test.js': looking,
      'in-order.js': inOrder,
    });
    const run = await project.run({ parameters: [...inBand, '--testSequencer=./in-order.js'] });
    expect(run.stderr).not.toContain('Error');
    expect(run).toMatchObject({ code: 0, passed: 2 });
  });

  it.each(jestVersions)(
    'is nothing where it has no way there, and then nothing of it is kept, in %s',
    async (version) => {
      const failing = `test('fails', () => { expect(1).toBe(2); });`;
      const project = fixture.project(
        'plain',
        { 'tests/one.test.js': failing, 'tests/two.test.js': looking },
        version,
      );
      const config = project
        .read('pg-evict.config.cjs')
        .replace('testing: {', 'testing: { keepFailed: true,');
      project.write('pg-evict.config.cjs', config);
      const run = await project.run({ parameters: withWorkers });
      expect(run).toMatchObject({ code: 1, passed: 1, failed: 1 });
      expect(await fixture.databases()).toEqual([]);
    },
  );
});
