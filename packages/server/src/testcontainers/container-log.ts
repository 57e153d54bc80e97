import { setTimeout as delay } from 'node:timers/promises';
import { tailOf } from '../contract/log-tail.js';
import type { Engine } from './connect-engine.js';

const patienceMs = 5_000;

/**
 * The last lines of the log of a container that has ended, indented to follow a message; empty if they cannot be read.
 */
export async function containerLog(engine: Engine, id: string, secret: string): Promise<string> {
  let log = '';
  try {
    const stream = await engine.container.logs(engine.container.getById(id), { tail: 50 });
    stream.on('data', (chunk: Buffer | string) => (log += chunk.toString()));
    // Some log drivers cannot be read.
    await Promise.race([
      new Promise((resolve) => stream.once('close', resolve).once('end', resolve).once('error', resolve)),
      delay(patienceMs, undefined, { ref: false }),
    ]);
    stream.destroy();
  } catch {
    // The failure itself is reported, not that of its log.
  }
  return tailOf(log, secret);
}

const pollMs = 200;

/**
 * Waits until a container has ended, and returns the exit code of its server. testcontainers does not check this: it
 * would wait for a dead one.
 */
export async function containerExit(engine: Engine, id: string, signal: AbortSignal): Promise<number> {
  const container = engine.container.getById(id);
  for (;;) {
    const { State: state } = await engine.container.inspect(container);
    if (['exited', 'dead', 'stopped'].includes(state.Status)) return state.ExitCode;
    await delay(pollMs, undefined, { signal });
  }
}
