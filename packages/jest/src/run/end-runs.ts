import { join } from 'node:path';
import { endHost } from '@pg-evict/testing';
import { endOnSignals, endRunsElsewhere, setRunOver } from '@pg-evict/testing/internal';
import { endFile } from '@pg-evict/testing/worker';
import { packageDirectory } from '../package-directory.cjs';
import { ownHost } from './own-host.js';
import { allowOutside } from './refuse-outside.js';
import { processState } from './process-state.js';
import { takeBackEnvironment } from './process-variables.js';

/**
 * Ends the runs that this process began, even if processes of Jest still work with them. A second call meanwhile waits
 * as well: with `bail`, Jest calls the global teardown for each test file that fails, and exits after the first.
 */
export async function endOwnRuns(): Promise<void> {
  const state = processState('ending/3', () => ({ ending: Promise.resolve() }));
  state.ending = state.ending.catch(() => undefined).then(endAll);
  await state.ending;
}

async function endAll(): Promise<void> {
  takeBackEnvironment();
  endFile();
  allowOutside();
  const own = ownHost();
  const { host } = own;
  if (host === undefined) return;
  try {
    await endHost(host);
  } finally {
    if (own.host === host) own.host = undefined;
  }
}

/** When a signal would end this process, ends its runs first; then the signal has its usual effect. */
export function endRunsOnSignals(): void {
  const state = processState('signals/3', () => ({ isListening: false }));
  if (state.isListening) return;
  state.isListening = true;
  endOnSignals(async () => {
    // Jest goes on with the files that are left until the signal has its effect.
    setRunOver(process.env);
    await endOwnRuns();
  });
}

/**
 * If this process exits without a global teardown (Jest 29 when it bails out), or in the middle of one, another process
 * ends its runs, and is waited for.
 */
export function endRunsOnExit(): void {
  const state = processState('exit/1', () => ({ isListening: false }));
  if (state.isListening) return;
  state.isListening = true;
  process.on('exit', () => {
    const { host } = ownHost();
    if (host !== undefined) endRunsElsewhere(host, join(packageDirectory, 'end-elsewhere.js'));
  });
}
