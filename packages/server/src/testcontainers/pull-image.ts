import { type Deadline, untilDeadline } from '../contract/deadline.js';
import { ServerError } from '../contract/server-error.js';
import type { Engine } from './connect-engine.js';
import type { Testcontainers } from './load-testcontainers.js';
import { reasonOf } from './reason-of.js';

/**
 * Pulls the image where the engine does not have it.
 *
 * @throws {ServerError} `IMAGE_UNAVAILABLE`
 */
export async function pullImage(
  { ImageName }: Testcontainers,
  engine: Engine,
  image: string,
  deadline: Deadline,
): Promise<void> {
  const name = ImageName.fromString(image);
  let cause: unknown;
  try {
    await untilDeadline(engine.image.pull(name), deadline);
    // A pull that fails half-way ends like one that succeeds.
    if (await untilDeadline(engine.image.exists(name), deadline)) return;
  } catch (error) {
    if (deadline.signal.aborted) throw error;
    cause = error;
  }
  const reason = cause === undefined ? '' : `: ${reasonOf(cause)}`;
  throw new ServerError(
    'IMAGE_UNAVAILABLE',
    `The container engine has no image ${image} and could not pull it${reason}. Check its name, or see what \`docker pull ${image}\` says.`,
    { cause },
  );
}
