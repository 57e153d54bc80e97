// Shows pg-evict at work on a database that is in use. See README.md.
import { fileURLToPath } from 'node:url';
import { startServer } from '@pg-evict/server';
import { createDatabase } from './src/create-database.mjs';
import { describe } from './src/describe.mjs';
import { openClients } from './src/open-clients.mjs';
import { runPgEvict } from './src/run-pg-evict.mjs';
import { say, sayTitle } from './src/say.mjs';
import { showClients } from './src/show-clients.mjs';
import { showDatabase } from './src/show-database.mjs';

// What the environment says of other servers is not for this one.
for (const name of Object.keys(process.env)) if (name.startsWith('PG')) delete process.env[name];

const interrupt = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => interrupt.abort());

let server;
let clients;
try {
  server = await startServer({
    kind: 'embedded',
    from: fileURLToPath(new URL('.', import.meta.url)),
    signal: interrupt.signal,
  });
  const app = await createDatabase(server);
  const before = await describe(app);
  clients = await openClients(app);
  interrupt.signal.throwIfAborted();

  sayTitle(`A PostgreSQL ${server.version} of its own, and a database that is in use`);
  say(
    `"app" has ${before.rows} orders, and four clients are on it. DATABASE_URL names it, and a role that is no superuser.`,
  );
  await runPgEvict(['sessions', 'app'], app);
  interrupt.signal.throwIfAborted();
  await runPgEvict(['recreate', 'app', '--yes'], app);
  interrupt.signal.throwIfAborted();
  await showClients(clients);
  showDatabase(before, await describe(app));
} catch (error) {
  if (!interrupt.signal.aborted) throw error;
  process.exitCode = 130;
} finally {
  await clients?.close();
  await server?.stop();
}
say(interrupt.signal.aborted ? 'Interrupted.' : '', 'The server is stopped and its files are gone.');
