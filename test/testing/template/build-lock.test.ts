import { fork } from 'node:child_process';
import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import { acquireDatabase, releaseDatabase, type StartRunOptions } from '@pg-evict/testing';
import { failureOf } from '../../support/core/failure.js';
import { useOwnServer } from '../../support/own-server.js';
import { ask, quote, serverUrl } from '../../support/server.js';
import { ownDatabases, RunFixture } from '../../support/testing/run-fixture.js';
import { type OpenSession, useSessions } from '../../support/sessions.js';

const fixture = new RunFixture();
afterAll(async () => fixture.cleanUp());
useOwnServer();
const sessionOn = useSessions();

/** The classes of the locks that say that somebody builds, or uses, a template. */
const builds = 1_885_823_363;
const uses = 1_885_823_364;

/** Somebody who builds nothing and has the lock of a template, which is not there any more; and how a run would build it. */
async function heldByAStranger(
  table: string,
  lock = builds,
  files: Readonly<Record<string, string>> = {},
): Promise<{ holder: OpenSession; options: StartRunOptions }> {
  const cwd = fixture.project(files);
  const testing = { template: { command: `node -e "0" ${table}`, inputs: ['package.json'] } };
  const run = await fixture.start(testing, { cwd });
  const { name } = run.template;
  await fixture.end(run);
  await ask(`ALTER DATABASE ${quote(name)} IS_TEMPLATE false`);
  await ask(`DROP DATABASE ${quote(name)}`);
  const key = createHash('sha256').update(name.slice(-16)).digest().readInt32BE(0);
  const holder = await sessionOn('postgres', { application: 'nightly job' });
  await holder.client.query('SELECT pg_advisory_lock($1, $2)', [lock, key]);
  return { holder, options: { url: serverUrl(), cwd, testing } };
}

/** A run in a process of its own: what it says, and what becomes of it. */
function beginElsewhere(options: StartRunOptions): {
  said: () => string;
  begun: Promise<unknown>;
  end: () => void;
} {
  const child = fork(
    resolve(__dirname, '../../support/testing/run-child.mjs'),
    [JSON.stringify({ options })],
    {
      execArgv: [],
      stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
    },
  );
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (said += text));
  const begun = new Promise((done) =>
    child.on('message', (message: { order: string }) => message.order === 'begin' && done(message)),
  );
  child.send('begin');
  return { said: () => said, begun, end: () => child.kill() };
}

test('a run that waits for a template says for whom, continues when the lock is free, and has a limit', async () => {
  const [first, second] = [await heldByAStranger('a'), await heldByAStranger('b')];
  const inVain = failureOf(fixture.start(second.options.testing, second.options));
  const elsewhere = beginElsewhere(first.options);
  const named = `process ${first.holder.pid} of postgres (nightly job)`;
  while (!elsewhere.said().includes('waiting')) await new Promise((done) => setTimeout(done, 50));
  expect(elsewhere.said()).toContain(`pg-evict: waiting for ${named}`);
  await first.holder.close();
  expect(await elsewhere.begun).toMatchObject({ order: 'begin', result: { template: expect.any(String) } });
  elsewhere.end();
  const error = await inVain;
  expect(error).toMatchObject({ code: 'BLOCKED' });
  expect(error.message).toContain(`process ${second.holder.pid} of postgres (nightly job)`);
  expect(await ownDatabases('building')).toEqual([]);
});

test('with sessions.timeoutMs, that is how long a run waits for what others hold: locks, and databases', async () => {
  const files = { 'pg-evict.config.json': JSON.stringify({ sessions: { timeoutMs: '3s' } }) };
  const strangers = await Promise.all([
    heldByAStranger('c', builds, files),
    heldByAStranger('d', uses, files),
  ]);
  for (const { holder, options } of strangers) {
    const error = await failureOf(fixture.start(options.testing, options));
    expect(error).toMatchObject({ code: 'BLOCKED' });
    // Without it: 10 and 60.
    expect(error.message).toMatch(new RegExp(`^Waited [3-9] s for process ${holder.pid} of postgres`));
  }
  const run = await fixture.start({}, { cwd: fixture.project(files) });
  const database = await acquireDatabase(run);
  const client = (await sessionOn('postgres')).client;
  await client.query(`BEGIN; ALTER DATABASE ${quote(database.name)} CONNECTION LIMIT 5`);
  expect(await failureOf(releaseDatabase(database))).toMatchObject({ code: 'BLOCKED' });
  await client.query('ROLLBACK');
});
