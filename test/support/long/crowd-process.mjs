// A process of its own full of clients, so that they do not share the event loop of the test. Arguments: URL, number of
// clients that connect, idle until they are ended and connect again at once, number of clients that connect, leave by
// themselves and connect again at once.
import { Client } from 'pg';

const [connectionString, clinging, hasty] = process.argv.slice(2);
const statistics = { attempts: 0, connected: 0, refusals: {}, endings: {}, mostRefusalsInARow: 0 };
const state = { stopped: false };
const stopping = () => state.stopped;

const add = (kind, error) => {
  const key = error.code ?? error.message;
  statistics[kind][key] = (statistics[kind][key] ?? 0) + 1;
};

async function reconnect(application_name) {
  let refusedInARow = 0;
  while (!stopping()) {
    const client = new Client({ connectionString, application_name });
    const endings = [];
    const gone = new Promise((resolve) => {
      client.on('error', (error) => {
        endings.push(error);
        resolve();
      });
      client.once('end', resolve);
    });
    statistics.attempts += 1;
    let connected = false;
    try {
      await client.connect();
      connected = true;
      statistics.connected += 1;
      refusedInARow = 0;
      await client.query('SELECT 1');
      if (application_name === 'hasty') await client.end();
      await gone;
      if (endings.length > 0) add('endings', endings[0]);
    } catch (error) {
      if (stopping()) return;
      add(connected ? 'endings' : 'refusals', error);
      if (!connected) {
        refusedInARow += 1;
        statistics.mostRefusalsInARow = Math.max(statistics.mostRefusalsInARow, refusedInARow);
        // Let the others have a turn.
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
    client.end().catch(() => undefined);
  }
}

/** One that hangs for two seconds while it connects: authenticated, but not yet listed under its database. */
function straggle() {
  const straggler = new Client({
    connectionString,
    application_name: 'straggler',
    options: '-c post_auth_delay=2',
  });
  straggler.on('error', () => undefined);
  straggler.connect().then(
    () => straggler.end(),
    () => undefined,
  );
}

process.on('message', (message) => {
  if (message === 'straggle') straggle();
  if (message === 'statistics') process.send(statistics);
  if (message === 'stop') {
    state.stopped = true;
    process.send(statistics, () => process.exit(0));
  }
});
process.once('disconnect', () => process.exit(0));
for (let index = 0; index < Number(clinging); index += 1) void reconnect('clinging');
for (let index = 0; index < Number(hasty); index += 1) void reconnect('hasty');
