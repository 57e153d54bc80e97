// A worker of a run, told by its parent what to do: one test file after another.
import { borrowDatabase, borrowForFile, describeLeaks, resetDatabase } from '@pg-evict/testing/worker';

const pg = await import('pg');
let file;
const clients = [];

const orders = {
  begin: ({ path = '/project/some.test.js', settings }) => {
    file = borrowForFile({ file: path, settings });
    return { name: file.name, url: file.url, isolation: file.settings.isolation };
  },
  // It loads modules, say, while the host answers.
  ready: async ({ busyMs = 0 }) => {
    const ready = file.ready();
    if (busyMs === 0) return ready;
    await new Promise((resolve) => setTimeout(resolve, 10));
    await new Promise(setImmediate);
    const until = performance.now() + busyMs;
    while (performance.now() < until);
    return ready;
  },
  query: async ({ sql, url = file.url, stay = false }) => {
    const client = new pg.default.Client(url);
    await client.connect();
    const { rows } = await client.query(sql);
    if (stay) clients.push(client);
    else await client.end();
    return rows;
  },
  reset: async () => resetDatabase(),
  borrow: async (options) => {
    const { name, url } = await borrowDatabase(options);
    return { name, url };
  },
  leaks: async () => {
    const leaks = await file.findLeaks();
    return { leaks, text: leaks.length === 0 ? null : describeLeaks(file.file, leaks, '/project') };
  },
  giveBack: async (how) => file.giveBack(how),
  loaded: () => Object.keys(process.moduleLoadList ?? {}).length,
};

process.on('message', ({ id, order, asks }) => {
  void Promise.resolve()
    .then(() => orders[order](asks ?? {}))
    .then(
      (result) => ({ result: result ?? null }),
      ({ code, message }) => ({ error: { code, message } }),
    )
    .then((answer) => process.send({ id, ...answer }));
});
process.send({ id: 0, result: null });
