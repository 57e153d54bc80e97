// Recreates a database and stops at a step for ever, having printed it: somebody kills the process then.
// Arguments: URL of the server, database, step.
import { recreateDatabase } from '@pg-evict/core';

const [connectionString, database, at] = process.argv.slice(2);
const endless = setInterval(() => undefined, 1 << 30);
await recreateDatabase(
  { connection: { connectionString, application_name: `recreate ${database}` }, database },
  {
    timeoutMs: 60_000,
    onStep: async (step) => {
      process.stdout.write(`${step}\n`);
      if (step === at) await new Promise(() => undefined);
    },
  },
);
clearInterval(endless);
