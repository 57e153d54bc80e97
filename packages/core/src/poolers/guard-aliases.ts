import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { pause } from '../contract/deadline.js';
import { type ChangedRetry, restoreRetry } from './login-retry.js';
import { type PausedAlias, resumeAlias } from './resume-alias.js';

/** Messages to the program, as JSON, a line each: an action that is about to happen, or one that was undone. */
export type GuardMessage =
  | { readonly paused: PausedAlias; readonly id: number }
  | { readonly changed: ChangedRetry; readonly id: number }
  | { readonly confirmed: number }
  | { readonly undone: number };

/** How long a pooler that does not answer is queried again. */
const patienceMs = 10 * 60_000;

/** How long a PAUSE without a reply may still be on its way. */
const onItsWayMs = 1000;

/**
 * Waits until the process that paused is gone, which ends the input, and resumes the aliases that it has left paused.
 */
export async function guardAliases(input: Readable): Promise<void> {
  const paused = new Map<number, PausedAlias>();
  const changed = new Map<number, ChangedRetry>();
  const confirmed = new Set<number>();
  for await (const line of createInterface({ input })) {
    const message = JSON.parse(line) as GuardMessage;
    if ('paused' in message) paused.set(message.id, message.paused);
    else if ('changed' in message) changed.set(message.id, message.changed);
    else if ('confirmed' in message) confirmed.add(message.confirmed);
    else for (const each of [paused, changed]) each.delete(message.undone);
  }
  await Promise.allSettled(
    [...paused].map(async ([id, alias]) => {
      const wasPaused = await resumeAlias(alias, patienceMs);
      if (wasPaused || confirmed.has(id)) return;
      await pause(onItsWayMs);
      await resumeAlias(alias, patienceMs);
    }),
  );
  await Promise.allSettled([...changed.values()].map(restoreRetry));
}
