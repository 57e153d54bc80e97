import { EventEmitter, once } from 'node:events';
import { Client } from 'pg';

/** A worker that connects again as soon as it is disconnected. */
class Worker extends EventEmitter {
  /** What it went through: SQLSTATEs, and when it was back. */
  events = [];
  #client;
  #endedAt;
  #isClosed = false;

  get isConnected() {
    return this.#endedAt === undefined;
  }

  async run(connection) {
    while (!this.#isClosed) {
      this.#client = new Client({ ...connection, application_name: 'worker' });
      const gone = new Promise((resolve) => this.#client.once('end', resolve));
      this.#client.on('error', ({ code }) => {
        if (code !== undefined) this.events.push(code);
        this.#endedAt ??= performance.now();
      });
      try {
        await this.#client.connect();
        if (!this.isConnected)
          this.events.push(`back after ${Math.round(performance.now() - this.#endedAt)} ms`);
        this.#endedAt = undefined;
        this.emit('connected');
        await gone;
      } catch ({ code, message }) {
        this.events.push(`refused with ${code ?? message}`);
      }
      await this.#client.end().catch(() => undefined);
    }
  }

  async close() {
    this.#isClosed = true;
    await this.#client.end().catch(() => undefined);
  }
}

export async function openReconnecting(connection) {
  const worker = new Worker();
  const connected = once(worker, 'connected');
  const running = worker.run(connection);
  await connected;
  return {
    name: 'worker, reconnects at once',
    async story() {
      if (!worker.isConnected) await once(worker, 'connected', { signal: AbortSignal.timeout(5000) });
      return worker.events.join(', ');
    },
    async close() {
      await worker.close();
      await running;
    },
  };
}
