import { acquireDatabase, endRun, startRun, type StartRunOptions } from '@pg-evict/testing';
import { query } from '../support/server/query.js';
import { containerOptions, docker } from '../support/docker/container.js';
import { watchEngine } from '../support/docker/watch-engine.js';

const leftOnEngine = watchEngine();
const { image } = containerOptions();
let built = 0;

function options(reuse: boolean): StartRunOptions {
  return {
    // No project: nothing but what is said here.
    cwd: __dirname,
    testing: {
      server: {
        kind: 'testcontainers',
        ...(image !== undefined && { image }),
        reuse,
        // A container of its own, whatever else there is to take again.
        settings: { cluster_name: `testing_${process.pid}` },
      },
      template: {
        // Without inputs a function's template is made anew for each run.
        inputs: 'testing.test.ts',
        setup: async (url) => {
          built += 1;
          await query(url, 'CREATE TABLE animal AS SELECT 1 AS id');
        },
      },
    },
  };
}

beforeEach(() => {
  built = 0;
});

test('a run has its databases in a container, which goes with it', async () => {
  const run = await startRun(options(false));
  try {
    const database = await acquireDatabase(run);
    expect(await query(database.url, 'SELECT * FROM animal')).toEqual([{ id: 1 }]);
  } finally {
    await endRun(run);
  }
  expect(await leftOnEngine()).toEqual([]);
});

test('with reuse the next run takes the container, and the template that is in it', async () => {
  try {
    for (let round = 1; round <= 2; round += 1) {
      const run = await startRun(options(true));
      const database = await acquireDatabase(run);
      expect(await query(database.url, 'SELECT * FROM animal')).toEqual([{ id: 1 }]);
      await endRun(run);
      expect(await leftOnEngine()).toHaveLength(1);
    }
    expect(built).toBe(1);
  } finally {
    const kept = await docker('ps', '--all', '--quiet', '--filter', 'label=org.pg-evict.server');
    await docker('rm', '--force', '--volumes', ...kept.split('\n'));
  }
});
