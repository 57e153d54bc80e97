import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { isPgEvictError } from '@pg-evict/core';
import { pause } from '../captured/clock.js';
import { openHost, type TestHost } from './host.js';
import { answerIn, type DetachedAnswer, type DetachedHost, placesUpTo } from '../wire/detached.js';
import { lives } from '../wire/process-lives.js';

/** How often it checks whether its runner still exists. */
const lookEveryMs = 200;

/**
 * The host of a run whose runner cannot be the host, in a process of its own that {@link startDetachedHost} has
 * started. Ends the run when the runner is gone.
 *
 * @param about the command line of the process, as JSON
 */
export async function hostUntilRunnerEnds(about: string): Promise<void> {
  const { directory, runner, place } = JSON.parse(about) as DetachedHost;
  // A signal that ends the runner must not end this process; it ends once the runner is gone.
  for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => undefined);
  const host = await openHost();
  const gone = new AbortController();
  const begun = host.begin({ cwd: directory, signal: gone.signal }).then(
    () => answer(place, { pid: process.pid, address: host.address }),
    (error: unknown) => answer(place, { pid: process.pid, error: plain(error) }),
  );
  while (lives(runner)) await pause(lookEveryMs);
  gone.abort();
  await begun;
  await end(host, place);
}

async function end(host: TestHost, place: string): Promise<void> {
  try {
    await host.end();
  } finally {
    for (const one of placesUpTo(place)) rmSync(one, { recursive: true, force: true });
  }
}

function answer(place: string, what: DetachedAnswer): void {
  // Read by others at any moment.
  writeFileSync(`${answerIn(place)}.new`, JSON.stringify(what), { mode: 0o600 });
  renameSync(`${answerIn(place)}.new`, answerIn(place));
}

function plain(error: unknown): NonNullable<DetachedAnswer['error']> {
  const message = error instanceof Error ? error.message : String(error);
  return { code: isPgEvictError(error) ? error.code : 'UNEXPECTED', message, database: null };
}
