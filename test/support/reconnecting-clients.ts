import { Client } from 'pg';

/** What a crowd of clients went through. */
export interface CrowdStatistics {
  connected: number;
  /** Failed attempts and broken sessions by SQLSTATE (or the driver's message). */
  readonly failures: Record<string, number>;
  /** The longest run of failed connection attempts in a row that one client had. */
  mostRefusalsInARow: number;
}

/** Clients that connect, idle until they are ended, and connect again at once. */
export class ReconnectingClients {
  readonly statistics: CrowdStatistics = { connected: 0, failures: {}, mostRefusalsInARow: 0 };
  readonly #clients = new Set<Client>();
  readonly #loops: Promise<void>[];
  #stopped = false;

  constructor(url: string, count: number) {
    this.#loops = Array.from({ length: count }, async () => this.#reconnect(url));
  }

  async #reconnect(url: string): Promise<void> {
    let refusedInARow = 0;
    while (!this.#stopped) {
      const client = new Client({ connectionString: url, application_name: 'reconnecting' });
      this.#clients.add(client);
      const gone = new Promise<void>((resolve) => {
        client.on('error', (error: Error & { code?: string }) => {
          this.#count(error);
          resolve();
        });
        client.once('end', resolve);
      });
      try {
        await client.connect();
        this.statistics.connected += 1;
        refusedInARow = 0;
        await gone;
      } catch (error) {
        this.#count(error as Error & { code?: string });
        refusedInARow += 1;
        this.statistics.mostRefusalsInARow = Math.max(this.statistics.mostRefusalsInARow, refusedInARow);
      }
      this.#clients.delete(client);
      await client.end().catch(() => undefined);
    }
  }

  #count(error: Error & { code?: string }): void {
    const key = error.code ?? error.message;
    this.statistics.failures[key] = (this.statistics.failures[key] ?? 0) + 1;
  }

  /** Ends all of them and waits until they are gone. */
  async stop(): Promise<CrowdStatistics> {
    this.#stopped = true;
    await Promise.all([...this.#clients].map(async (client) => client.end().catch(() => undefined)));
    await Promise.all(this.#loops);
    return this.statistics;
  }
}
