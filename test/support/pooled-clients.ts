import { Client } from 'pg';

/** What clients of a pooler went through. */
export interface PooledStatistics {
  succeeded: number;
  /** Failed queries and connections by SQLSTATE and message. */
  readonly failures: Record<string, number>;
  longestMs: number;
}

/** Clients of a pooler that ask and ask, some in short transactions, and connect again when they fail. */
export class PooledClients {
  readonly statistics: PooledStatistics = { succeeded: 0, failures: {}, longestMs: 0 };
  readonly #loops: Promise<void>[];
  #stopped = false;

  constructor(url: string, count: number) {
    this.#loops = Array.from({ length: count }, async (_, index) =>
      this.#ask(url, index % 4 === 0 ? 'BEGIN; SELECT pg_sleep(0.01); COMMIT' : 'SELECT 1'),
    );
  }

  async #ask(url: string, sql: string): Promise<void> {
    while (!this.#stopped) {
      const client = new Client({ connectionString: url });
      client.on('error', () => undefined);
      try {
        await client.connect();
        for (;;) {
          const startedAt = performance.now();
          await client.query(sql);
          this.statistics.succeeded += 1;
          this.statistics.longestMs = Math.max(this.statistics.longestMs, performance.now() - startedAt);
          await new Promise((resolve) => setTimeout(resolve, 5));
          if (this.#isStopped()) break;
        }
      } catch (error) {
        const { code = '', message } = error as { code?: string; message: string };
        const key = `${code} ${message}`;
        this.statistics.failures[key] = (this.statistics.failures[key] ?? 0) + 1;
        await new Promise((resolve) => setTimeout(resolve, 20));
      } finally {
        await client.end().catch(() => undefined);
      }
    }
  }

  #isStopped(): boolean {
    return this.#stopped;
  }

  /** Waits until so many more queries have succeeded. */
  async succeed(more: number): Promise<void> {
    const enough = this.statistics.succeeded + more;
    while (this.statistics.succeeded < enough) await new Promise((resolve) => setTimeout(resolve, 5));
  }

  async stop(): Promise<PooledStatistics> {
    this.#stopped = true;
    await Promise.all(this.#loops);
    return this.statistics;
  }
}
