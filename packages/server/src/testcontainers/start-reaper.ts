import { type Deadline, untilDeadline } from '../contract/deadline.js';
import { ServerError } from '../contract/server-error.js';
import type { Engine } from './connect-engine.js';
import type { Testcontainers } from './load-testcontainers.js';
import { reasonOf } from './reason-of.js';

/**
 * Starts the helper that removes the containers of processes that were killed; one for all of a machine.
 *
 * @throws {ServerError} `START_FAILED`
 */
export async function startReaper(
  { getReaper }: Testcontainers,
  engine: Engine,
  deadline: Deadline,
): Promise<void> {
  try {
    await untilDeadline(getReaper(engine), deadline);
  } catch (error) {
    if (deadline.signal.aborted) throw error;
    throw new ServerError(
      'START_FAILED',
      `The reaper of testcontainers, which removes the containers of killed processes, did not start: ${reasonOf(error)}. Name an image of it that can be had in RYUK_CONTAINER_IMAGE, or go without it: TESTCONTAINERS_RYUK_DISABLED=true.`,
      { cause: error },
    );
  }
}
