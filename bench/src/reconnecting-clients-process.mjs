// A number of clients that connect, idle until they are ended, and connect again at once. Answers every message with
// how many are connected now, and how many attempts were refused so far.
import { Client } from 'pg';

const connected = new Set();
let refused = 0;

async function reconnectForever() {
  for (;;) {
    const client = new Client({ application_name: 'bench reconnecting' });
    const gone = new Promise((resolve) => {
      client.on('error', resolve);
      client.once('end', resolve);
    });
    try {
      await client.connect();
      connected.add(client);
      await gone;
    } catch {
      refused += 1;
    }
    connected.delete(client);
    await client.end().catch(() => undefined);
  }
}

for (let client = 0; client < Number(process.argv[2] ?? 20); client += 1) void reconnectForever();
process.on('message', () => process.send({ connected: connected.size, refused }));
process.once('disconnect', () => process.exit());
