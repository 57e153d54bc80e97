import { ServerError } from './server-error.js';

/** When a start has to be given up: late, or no longer wanted. */
export interface Deadline {
  readonly signal: AbortSignal;
  /** Removes the callbacks that wait for the deadline. */
  clear(): void;
}

/**
 * Refuses a value that is not a timeout.
 *
 * @throws {ServerError} `OPTIONS_INVALID`
 */
export function assertTimeout(startTimeoutMs: number): void {
  // More is what a timer takes for 1 ms.
  if (startTimeoutMs > 0 && startTimeoutMs <= 2 ** 31 - 1) return;
  throw new ServerError(
    'OPTIONS_INVALID',
    `startTimeoutMs must be a positive number, not ${startTimeoutMs}.`,
  );
}

/** A deadline that passes after `timeoutMs`, or when `signal` is aborted. */
export function createDeadline(timeoutMs: number, signal?: AbortSignal): Deadline {
  const controller = new AbortController();
  const timer = setTimeout(() => {
    controller.abort(
      new ServerError(
        'START_TIMEOUT',
        `PostgreSQL was not ready after ${timeoutMs} ms. Give it longer with startTimeoutMs.`,
      ),
    );
  }, timeoutMs);
  const onAbort = (): void => controller.abort(signal?.reason);
  if (signal?.aborted) onAbort();
  signal?.addEventListener('abort', onAbort, { once: true });
  return {
    signal: controller.signal,
    clear() {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    },
  };
}

/** The promise's outcome, or a rejection with the deadline's reason when that comes first. */
export function untilDeadline<T>(promise: Promise<T>, { signal }: Deadline): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
