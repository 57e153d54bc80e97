import { setTimeout as delay } from 'node:timers/promises';
import type { BoundPorts, WaitStrategy } from 'testcontainers';
import { answersClients } from './answers-clients.js';
import type { Engine } from './connect-engine.js';
import { containerPort, database, superuser } from './postgres-container.js';

const pollMs = 20;

/** Lets testcontainers wait until the server answers clients; the signal ends the wait. */
export class Readiness implements WaitStrategy {
  readonly #engine: Engine;
  readonly #signal: AbortSignal;

  constructor(engine: Engine, signal: AbortSignal) {
    this.#engine = engine;
    this.#signal = signal;
  }

  async waitUntilReady(_container: unknown, ports: BoundPorts): Promise<void> {
    const { host } = this.#engine.info.containerRuntime;
    const address = { host, port: ports.getBinding(containerPort), user: superuser, database };
    while (!(await answersClients(address, this.#signal))) {
      await delay(pollMs, undefined, { signal: this.#signal });
    }
  }

  withStartupTimeout(): this {
    return this;
  }

  isStartupTimeoutSet(): boolean {
    return false;
  }

  getStartupTimeout(): number {
    return Number.POSITIVE_INFINITY;
  }
}
