const { Client } = require('pg');

async function listen() {
  for (;;) {
    const client = new Client({ application_name: 'listener' });
    client.on('error', () => undefined);
    const ended = new Promise((resolve) => client.once('end', resolve));
    await client.connect().catch(() => undefined); // leaks
    await client.query('LISTEN news').catch(() => undefined);
    await ended;
  }
}

test('leaves a client that comes back whenever it is ended', async () => {
  void listen();
  await new Promise((resolve) => setTimeout(resolve, 100));
});
