import type { Client } from 'pg';
import { type Deadline, pause } from '../contract/deadline.js';

/** How long after the deadline an answer is still waited for. Every working server answers in less time. */
const silenceMs = 800;

/** How long the server may take to close a connection. */
const closingMs = 1000;

/** How late a timer may fire before it proves nothing about the network: this process was not running meanwhile. */
const lateMs = 200;

/**
 * The server answers a query at once; long statements are run with {@link Connection.run}. So if no answer has come
 * some time after the deadline, the network is silent. The connection is then given up, and pending queries on it fail.
 * A connection without a pending query stays.
 */
export function giveUpOnSilence(client: Client, deadline: Deadline): void {
  const query = client.query.bind(client) as (...parameters: unknown[]) => Promise<unknown>;
  const watched = async (...parameters: unknown[]): Promise<unknown> => {
    const silence = new SilenceTimer(client, deadline);
    try {
      return await query(...parameters);
    } finally {
      silence.stop();
    }
  };
  client.query = watched as Client['query'];
}

class SilenceTimer {
  readonly #client: Client;
  readonly #deadline: Deadline;
  readonly #askedAt = performance.now();
  #timer: NodeJS.Timeout | undefined;

  constructor(client: Client, deadline: Deadline) {
    this.#client = client;
    this.#deadline = deadline;
    this.#start();
    deadline.signal?.addEventListener('abort', this.#start, { once: true });
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#deadline.signal?.removeEventListener('abort', this.#start);
  }

  readonly #start = (): void => {
    clearTimeout(this.#timer);
    const due = Math.max(performance.now(), this.#dueAt()) + silenceMs;
    this.#timer = setTimeout(
      () => {
        // More time may have been granted meanwhile.
        if (performance.now() < this.#dueAt() || performance.now() - due > lateMs) {
          this.#start();
          return;
        }
        this.#deadline.silent = true;
        giveUp(this.#client);
      },
      Math.min(due - performance.now(), 2 ** 31 - 1),
    );
  };

  #dueAt(): number {
    return this.#deadline.aborted ? this.#askedAt : this.#deadline.answerDueAt(this.#askedAt);
  }
}

/** Clients that were given up: nothing more is sent to their server. */
const givenUp = new WeakSet<Client>();

/**
 * Closes a client without waiting for a server that does not answer.
 *
 * @param deadline of the operation that it served; another of its connections may have shown that the server does not
 * answer
 */
export async function disconnect(client: Client, deadline?: Deadline): Promise<void> {
  const ended = client.end().catch(() => undefined);
  if (!givenUp.has(client) && deadline?.silent !== true) await pause(closingMs, ended);
  giveUp(client);
}

/** Gives up a connection: pending queries on it fail. node-postgres has no public method for that. */
export function giveUp(client: Client): void {
  givenUp.add(client);
  (client as unknown as { connection?: { stream?: { destroy(): void } } }).connection?.stream?.destroy();
}
