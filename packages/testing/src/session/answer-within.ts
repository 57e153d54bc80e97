import { PgEvictError } from '@pg-evict/core';
import type { Client } from 'pg';
import { clearTimer, setPatientTimer } from '../captured/clock.js';
import { giveUp } from './close-client.js';

/** The maximum of a timer; a longer time is as good as for ever. */
const maxTimerMs = 2 ** 31 - 1;

/** The server has not answered in time. */
export class SilenceError extends PgEvictError {
  constructor(answerMs: number) {
    super('TIMEOUT', `The server did not answer within ${answerMs} ms. It is not known what it did.`, {
      hint: 'Check the network and the server, or allow more time (sessions.timeoutMs, --timeout).',
    });
  }
}

/** Connects. The driver's own limit would not count an answer that came while this thread was busy. */
export async function connectWithin(client: Client, connectingMs: number): Promise<void> {
  const connecting = client.connect().then(() => undefined);
  await within(client, connecting, connectingMs, () => new Error(`no answer came within ${connectingMs} ms`));
}

/** Waits for an answer; the connection is given up if none comes in time. */
export async function answerWithin<T>(client: Client, answer: Promise<T>, answerMs: number): Promise<T> {
  return within(client, answer, answerMs, () => new SilenceError(answerMs));
}

async function within<T>(
  client: Client,
  answer: Promise<T>,
  timeMs: number,
  failure: () => Error,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  let isOver = false;
  const silence = new Promise<never>((_, reject) => {
    timer = setPatientTimer(
      () => {
        if (isOver) return;
        reject(failure());
        giveUp(client);
      },
      Math.min(timeMs, maxTimerMs),
    );
  });
  // It fails, too, once the connection is given up; nothing waits for it then.
  answer.catch(() => undefined);
  try {
    return await Promise.race([answer, silence]);
  } finally {
    isOver = true;
    clearTimer(timer);
  }
}
