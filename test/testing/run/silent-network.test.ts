import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { acquireDatabase, resetDatabase } from '@pg-evict/testing';
import { failureOf } from '../../support/core/failure.js';
import { CuttingProxy } from '../../support/cutting-proxy.js';
import { serverUrl } from '../../support/server.js';
import { RunFixture, rowsIn } from '../../support/testing/run-fixture.js';

const fixture = new RunFixture();
const proxies: CuttingProxy[] = [];
afterAll(async () => {
  await fixture.cleanUp();
  for (const proxy of proxies) proxy.stop();
});

/** A run whose way to the server can fall silent. */
async function runBehindProxy(): Promise<{
  proxy: CuttingProxy;
  run: Awaited<ReturnType<RunFixture['start']>>;
}> {
  const url = new URL(serverUrl());
  const proxy = await CuttingProxy.start(url.hostname, Number(url.port));
  proxies.push(proxy);
  url.port = String(proxy.port);
  const settings = { 'pg-evict': { sessions: { timeoutMs: 5000 } } };
  const cwd = fixture.project({ 'package.json': JSON.stringify(settings) });
  const run = await fixture.start({}, { url: url.href, cwd });
  return { proxy, run };
}

test('an answer that came while the process was busy is read, however late', async () => {
  const settings = { 'pg-evict': { sessions: { timeoutMs: 2000 } } };
  const cwd = fixture.project({ 'package.json': JSON.stringify(settings) });
  const run = await fixture.start({}, { url: serverUrl(), cwd });
  const acquiring = acquireDatabase(run);
  await new Promise(setImmediate);
  const until = performance.now() + 4000;
  while (performance.now() < until);
  const { url } = await acquiring;
  expect(await rowsIn(url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
});

/** Begins a run with a limit for connecting. */
const startWith = async (url: string, connectionTimeoutMillis: number): ReturnType<RunFixture['start']> => {
  const { hostname: host, port, username: user, password } = new URL(url);
  const connection = { host, port: Number(port), user, password, database: 'postgres' };
  const settings = { 'pg-evict': { connection: { ...connection, connectionTimeoutMillis } } };
  return fixture.start(
    {},
    { url: undefined, cwd: fixture.project({ 'package.json': JSON.stringify(settings) }) },
  );
};

test('connecting takes no longer than connectionTimeoutMillis; 0 is no limit', async () => {
  expect((await acquireDatabase(await startWith(serverUrl(), 0))).name).toMatch(/^pg_evict_test_/);
  const silent = createServer();
  await once(silent.listen(0, '127.0.0.1'), 'listening');
  const { port } = silent.address() as AddressInfo;
  expect(await failureOf(startWith(`postgresql://postgres:x@127.0.0.1:${port}`, 1000))).toMatchObject({
    code: 'CONNECTION_FAILED',
    message: expect.stringContaining('no answer came within 1000 ms') as string,
  });
  silent.close();
});

test.each(['making a database', 'resetting one'])(
  '%s over a network that has fallen silent ends soon after the configured time',
  async (what) => {
    const { proxy, run } = await runBehindProxy();
    const database = what === 'making a database' ? undefined : await acquireDatabase(run);
    proxy.fallSilentAfter(/./s);
    const error = await failureOf(database === undefined ? acquireDatabase(run) : resetDatabase(database));
    expect(error).toMatchObject({
      code: 'TIMEOUT',
      message: expect.stringContaining('did not answer within 10000 ms'),
    });
    proxy.letThrough();
    proxy.cut();
  },
);
