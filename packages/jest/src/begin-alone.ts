import { isPgEvictError, PgEvictError } from '@pg-evict/core';
import { startRun } from '@pg-evict/testing';
import { ownServer } from './own-server.js';

/** A process that begins a run and hands it on as JSON; whoever asked for it joins it. */
async function beginAlone(cwd: string): Promise<object> {
  try {
    if ((await ownServer(cwd)) === undefined) return { run: await startRun({ cwd }) };
    throw new PgEvictError(
      'CONFIG_INVALID',
      'No server is configured for tests, and the global setup that would start one did not run.',
      {
        hint: "Configure a connection; or let your own globalSetup and globalTeardown call those of '@pg-evict/jest/global-setup' and '@pg-evict/jest/global-teardown'.",
      },
    );
  } catch (error) {
    const code = isPgEvictError(error) ? error.code : 'UNEXPECTED';
    return { error: { code, message: error instanceof Error ? error.message : String(error) } };
  }
}

void beginAlone(process.argv[2] ?? process.cwd()).then((answer) =>
  process.stdout.write(JSON.stringify(answer)),
);
