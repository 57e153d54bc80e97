import { PgEvictError } from '@pg-evict/core';
import type { FilledByKnex, FillingJob, FromFillingProcess, ToFillingProcess } from './job.js';
import { sendable } from './sent-error.js';

/** Ends the filling when the parent says so, or when this process is ended. */
const stopping = new AbortController();

const say = async (message: FromFillingProcess): Promise<void> =>
  new Promise((resolve) => {
    // If the parent has ended, there is no receiver any more.
    if (process.connected) process.send?.(message, undefined, undefined, () => resolve());
    else resolve();
  });

let isOver = false;

/** Reports the result, and ends with everything that was left open. */
async function end(message: FromFillingProcess): Promise<void> {
  if (isOver) return;
  isOver = true;
  await say(message);
  // oxlint-disable-next-line no-process-exit -- what the project has loaded may hold this process for ever
  process.exit('failed' in message ? 1 : 0);
}

async function fill(job: FillingJob): Promise<FilledByKnex> {
  if (job.kind === 'knex') {
    const { fillWithKnex } = await import('./fill-with-knex.js');
    return fillWithKnex(job, stopping.signal, (message) => void say(message));
  }
  if (job.kind === 'command') {
    const { fillWithCommand } = await import('./fill-with-command.js');
    await fillWithCommand(job, stopping.signal);
  } else {
    const { fillWithSetup } = await import('./fill-with-setup.js');
    stopping.signal.addEventListener('abort', () => {
      void end({ failed: sendable(new PgEvictError('ABORTED', 'Aborted. The setup function did not end.')) });
    });
    await fillWithSetup(job);
  }
  return { migrations: [], seeds: [] };
}

process.on('message', (message: ToFillingProcess) => {
  if ('abort' in message) stopping.abort();
  else {
    void fill(message.job).then(
      async (filled) => end({ filled }),
      async (error: unknown) => end({ failed: sendable(error) }),
    );
  }
});
// The parent has ended, however it did.
process.on('disconnect', () => {
  process.exit(1);
});
// Signals from a terminal reach this process as well; the parent decides what follows.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stopping.abort());
process.on('uncaughtException', (error) => void end({ failed: sendable(error) }));
