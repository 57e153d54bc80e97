// Opens as many sessions as it is told, leaves them idle, and closes what is left of them when told 0.
import { Client } from 'pg';

let clients = [];

async function open() {
  const client = new Client({ application_name: 'bench idle' });
  client.on('error', () => undefined);
  const ended = new Promise((resolve) => client.once('end', resolve));
  await client.connect();
  await client.query('SELECT 1');
  return { client, ended };
}

async function close({ client, ended }) {
  await client.end().catch(() => undefined);
  await ended;
}

async function hold(count) {
  if (count > 0) {
    clients = await Promise.all(Array.from({ length: count }, open));
  } else {
    await Promise.all(clients.map(close));
    clients = [];
  }
}

process.on('message', (count) => {
  hold(count).then(
    () => process.send({}),
    (error) => process.send({ failure: error.message }),
  );
});
process.once('disconnect', () => process.exit());
