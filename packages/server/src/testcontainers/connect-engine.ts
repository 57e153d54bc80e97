import { type Deadline, untilDeadline } from '../contract/deadline.js';
import { ServerError } from '../contract/server-error.js';
import type { Testcontainers } from './load-testcontainers.js';

/** A container engine, as testcontainers speaks to it. */
export type Engine = Awaited<ReturnType<Testcontainers['getContainerRuntimeClient']>>;

/**
 * Finds the container engine that testcontainers would use.
 *
 * @throws {ServerError} `DOCKER_UNAVAILABLE`
 */
export async function connectEngine(
  { getContainerRuntimeClient }: Testcontainers,
  deadline: Deadline,
): Promise<Engine> {
  try {
    return await untilDeadline(getContainerRuntimeClient(), deadline);
  } catch (error) {
    if (deadline.signal.aborted) throw error;
    throw new ServerError(
      'DOCKER_UNAVAILABLE',
      `No container engine answers${whereAsked()}. Start Docker (or Podman, Colima …) and see that \`docker info\` reaches it as this user, or name its socket in DOCKER_HOST; DEBUG=testcontainers* shows what was tried. kind: 'embedded' needs no engine.`,
      { cause: error },
    );
  }
}

function whereAsked(): string {
  const host = process.env['DOCKER_HOST'];
  // The text before an @ may be a password.
  return host ? ` (DOCKER_HOST is ${host.replace(/\/\/.*@/, '//')})` : '';
}
