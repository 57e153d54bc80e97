// One process of a run of tests, told by its parent what to do: an invitation or options on the command line, then one
// order at a time. Lives until it is told to end, or killed.
import { acquireDatabase, endRun, joinRun, resetDatabase, startRun } from '@pg-evict/testing';

const { invitation, options } = JSON.parse(process.argv[2]);
let run;
let database;

const orders = {
  begin: async () => {
    run = invitation === undefined ? await startRun(options) : await joinRun(invitation);
    return { id: run.id, template: run.template.name, invitation: run };
  },
  acquire: async () => {
    database = await acquireDatabase(run);
    return { name: database.name, url: database.url };
  },
  reset: async () => resetDatabase(database),
  end: async () => {
    await endRun(run);
    return {};
  },
};

async function obey(order) {
  let answer;
  try {
    answer = { order, result: await orders[order]() };
  } catch (error) {
    answer = { order, error: { code: error.code, message: error.message } };
  }
  process.send(answer, () => {
    // From here on only what the run left open could keep the process.
    if (order === 'end') process.disconnect();
  });
}

process.on('message', (order) => void obey(order));
process.send({ order: 'ready', result: {} });
