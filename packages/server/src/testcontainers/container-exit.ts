import { setTimeout as delay } from 'node:timers/promises';

import type { Engine } from './connect-engine.js';

const pollMs = 200;

/**
 * Waits until a container has ended, and tells the exit code of its server. testcontainers does not look: it would
 * wait for one that is dead.
 */
export async function containerExit(engine: Engine, id: string, signal: AbortSignal): Promise<number> {
  const container = engine.container.getById(id);
  for (;;) {
    const { State: state } = await engine.container.inspect(container);
    if (['exited', 'dead', 'stopped'].includes(state.Status)) return state.ExitCode;
    await delay(pollMs, undefined, { signal });
  }
}
