import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Knex } from 'knex';
import { KnexFixture } from '../../support/knex/knex-fixture.js';
import { knexVersions } from '../../support/knex/knex-versions.js';

const rounds = Number(process.env['PG_EVICT_ROUNDS'] ?? 50);

/** A browser that asks again as soon as it has an answer. */
interface Visitor {
  readonly done: Promise<void>;
  readonly counts: { answered: number; failed: number; inARow: number; mostInARow: number };
}

describe.each(knexVersions)('%s', (version) => {
  const fixture = new KnexFixture(version);

  it(`a web server keeps serving while its database is recreated ${rounds} times`, async () => {
    const database = await fixture.scratch.database();
    const knex = fixture.connect(database, {}, { pool: { min: 0, max: 8 } });
    const failures: Record<string, number> = {};
    const server = await serve(knex, failures);
    let stopped = false;
    const visitors = Array.from({ length: 16 }, () => visit(server, () => stopped));
    let ended = 0;
    for (let round = 0; round < rounds; round += 1) {
      const { terminated } = await fixture.project.plugin.recreateDatabase(knex);
      ended += terminated.length;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    stopped = true;
    await Promise.all(visitors.map(async ({ done }) => done));
    await new Promise((resolve) => server.close(resolve));
    const counts = visitors.map((visitor) => visitor.counts);
    const answered = sum(counts.map((count) => count.answered));
    const failed = sum(counts.map((count) => count.failed));
    process.stderr.write(
      `${version}: ${rounds} recreations ended ${ended} sessions; ${answered} requests answered, ${failed} failed ${JSON.stringify(failures)}\n`,
    );
    expect(failed).toBeLessThanOrEqual(ended);
    expect(Math.max(...counts.map((count) => count.mostInARow))).toBeLessThanOrEqual(1);
    expect(answered).toBeGreaterThan(rounds);
    expect(await knex.raw('SELECT 1')).toBeDefined();
  });

  async function serve(knex: Knex, failures: Record<string, number>): Promise<Server> {
    const server = createServer((_request, response) => {
      knex
        .raw('SELECT pg_sleep(0.002)')
        .then(() => 200)
        .catch((error: Error & { code?: string }) => {
          const reason = error.code ?? error.message;
          failures[reason] = (failures[reason] ?? 0) + 1;
          return 500;
        })
        .then(
          (status) => response.writeHead(status).end(),
          () => response.destroy(),
        );
    });
    await new Promise<void>((resolve) => server.listen(0, resolve));
    return server;
  }

  function visit(server: Server, stopped: () => boolean): Visitor {
    const counts = { answered: 0, failed: 0, inARow: 0, mostInARow: 0 };
    const { port } = server.address() as AddressInfo;
    const browse = async (): Promise<void> => {
      while (!stopped()) {
        const { status } = await fetch(`http://localhost:${port}/`);
        if (status === 200) {
          counts.answered += 1;
          counts.inARow = 0;
        } else {
          counts.failed += 1;
          counts.inARow += 1;
          counts.mostInARow = Math.max(counts.mostInARow, counts.inARow);
        }
      }
    };
    return { done: browse(), counts };
  }
});

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
