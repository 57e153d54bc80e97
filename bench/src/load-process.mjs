// Clients of one database that ask and ask, in a process of their own: what became of their queries is reported at the end.
// Arguments: URL, number of clients, kind.
import { setTimeout as pause } from 'node:timers/promises';
import { loadClients } from './load-clients.mjs';

const [url, count, kind] = process.argv.slice(2);
const clients = await loadClients[kind](url, Number(count));
const tally = { succeeded: 0, failures: {}, longestMs: 0 };
const told = { toEnd: false };

process.once('message', () => (told.toEnd = true));
process.once('disconnect', () => process.exit(1));

await Promise.all(Array.from({ length: Number(count) }, async (_, index) => ask(index)));
await clients.end();
await new Promise((resolve) => process.send(tally, resolve));
process.disconnect();

/** One client: every fourth has queries that take their time. */
async function ask(index) {
  while (!told.toEnd) {
    const startedAt = performance.now();
    try {
      await clients.query(index % 4 === 0 ? 'SELECT 1 FROM pg_sleep(0.05)' : 'SELECT 1');
      tally.succeeded += 1;
      if (tally.succeeded === 200) process.send('ready');
    } catch (error) {
      const code = error.code ?? error.original?.code ?? error.cause?.originalCode ?? error.message;
      tally.failures[code] = (tally.failures[code] ?? 0) + 1;
    }
    tally.longestMs = Math.max(tally.longestMs, performance.now() - startedAt);
    await pause(5);
  }
}
