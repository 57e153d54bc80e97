// Calls that fail, one after the other and at once, with nobody listening for stray errors: those would end the process.
// Argument: URL of the server.
import {
  cloneDatabase,
  createDatabase,
  dropDatabase,
  listSessions,
  recreateDatabase,
  terminateSessions,
} from '@pg-evict/core';

const [connectionString] = process.argv.slice(2);
const target = (database) => ({ connection: { connectionString }, database });
const lost = target('failing_calls_missing');
const calls = [
  async () => dropDatabase(lost),
  async () => recreateDatabase(lost, { template: 'failing_calls_missing_template' }),
  async () => cloneDatabase(lost, 'failing_calls_clone'),
  async () => createDatabase(lost, { template: 'failing_calls_missing_template' }),
  async () => createDatabase(lost, { timeoutMs: 1 }),
  async () => listSessions(lost, { timeoutMs: 1 }),
  async () => terminateSessions(lost, { signal: AbortSignal.timeout(1) }),
  async () => recreateDatabase(lost, { ifNotExists: true, signal: AbortSignal.timeout(5) }),
  async () => recreateDatabase(lost, { ifNotExists: true, timeoutMs: 8 }),
  async () => dropDatabase({ connection: 'postgres://nobody@127.0.0.1:1/x', database: 'x' }),
  async () =>
    dropDatabase({ connection: 'postgres://nobody@127.0.0.1:1/x', database: 'x' }, { timeoutMs: 1 }),
  async () =>
    dropDatabase({
      connection: { connectionString, user: undefined, options: '-c no.such=1 -c nonsense=2' },
      database: 'x',
    }),
  async () => dropDatabase(lost, { onStep: () => Promise.reject(new Error('thrown by a listener')) }),
];
for (const call of calls) await call().catch(() => undefined);
await Promise.allSettled(calls.map(async (call) => call()));
await dropDatabase(lost, { ifExists: true });
// What is still under way would show itself now.
await new Promise((resolve) => setImmediate(resolve));
process.stdout.write('done\n');
