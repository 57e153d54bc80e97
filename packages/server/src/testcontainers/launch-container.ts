import type { StartedTestContainer } from 'testcontainers';
import { type Deadline, untilDeadline } from '../contract/deadline.js';
import { isServerError, ServerError } from '../contract/server-error.js';
import type { Engine } from './connect-engine.js';
import { containerExit, containerLog } from './container-log.js';
import type { Testcontainers } from './load-testcontainers.js';
import { type ContainerPlan, postgresContainer } from './postgres-container.js';
import { Readiness } from './readiness.js';
import { reasonOf } from './reason-of.js';

/** The settings to launch it with. */
export interface LaunchTools {
  readonly testcontainers: Testcontainers;
  readonly engine: Engine;
  readonly deadline: Deadline;
}

/**
 * Starts the container, or uses one that runs, and waits until its server answers clients. A container that does not
 * come up is removed.
 *
 * @throws {ServerError} `START_FAILED` or `START_TIMEOUT`, with the last lines of the container's log
 */
export async function launchContainer(
  plan: ContainerPlan,
  reuse: boolean,
  { testcontainers, engine, deadline }: LaunchTools,
): Promise<StartedTestContainer> {
  const waiting = new AbortController();
  let id: string | undefined;
  const starting = new Promise<StartedTestContainer>((resolve, reject) => {
    const container = postgresContainer(testcontainers, plan, (created) => {
      id = created;
      failOnExit(engine, created, waiting.signal).catch(reject);
    }).withWaitStrategy(new Readiness(engine, waiting.signal));
    (reuse ? container.withReuse() : container).start().then(resolve, reject);
  });
  try {
    return await untilDeadline(starting, deadline);
  } catch (error) {
    const log = id === undefined ? '' : await discard(engine, id, plan.password);
    throw withLog(error, log, deadline);
  } finally {
    // A start that was given up before there was a container ends by itself: no caller waits for its server.
    waiting.abort();
  }
}

async function failOnExit(engine: Engine, id: string, signal: AbortSignal): Promise<void> {
  // Rejects when it is gone, or no longer waited for.
  const code = await containerExit(engine, id, signal).catch(() => undefined);
  if (code === undefined) return;
  throw new ServerError('START_FAILED', `PostgreSQL did not start: its container ended with code ${code}.`);
}

/** Removes a container and returns its last output. */
async function discard(engine: Engine, id: string, password: string): Promise<string> {
  const container = engine.container.getById(id);
  await container.kill().catch(() => undefined);
  const log = await containerLog(engine, id, password);
  // testcontainers removes containers that it gave up itself.
  await container.remove({ force: true, v: true }).catch(() => undefined);
  return log;
}

function withLog(error: unknown, log: string, { signal }: Deadline): unknown {
  if (isServerError(error)) return new ServerError(error.code, `${error.message}${log}`, { cause: error });
  if (signal.aborted) return error;
  return new ServerError('START_FAILED', `The container did not start: ${reasonOf(error)}.${log}`, {
    cause: error,
  });
}
