import { randomBytes } from 'node:crypto';
import type { StartedTestContainer } from 'testcontainers';
import { assertTimeout, createDeadline, type Deadline } from '../contract/deadline.js';
import type { RunningContainerServer } from '../contract/running-server.js';
import { ServerError } from '../contract/server-error.js';
import { settingArguments, settingsForSpeed } from '../contract/setting-arguments.js';
import { connectEngine } from './connect-engine.js';
import { ContainerServer } from './container-server.js';
import { launchContainer } from './launch-container.js';
import { loadTestcontainers } from './load-testcontainers.js';
import { pullImage } from './pull-image.js';
import { likeness, passwordOfReusable } from './reusable-container.js';
import { startReaper } from './start-reaper.js';
import type { TestcontainersServerOptions } from './testcontainers-server-options.js';

/** Starts a server in a container; see `startServer`. */
export async function startContainerServer(
  options: TestcontainersServerOptions,
): Promise<RunningContainerServer> {
  const { from = process.cwd(), startTimeoutMs = 60_000, tmpfs = true, signal } = options;
  assertTimeout(startTimeoutMs);
  const image = imageOf(options);
  const args = settingArguments({ ...settingsForSpeed, ...options.settings });
  // As testcontainers decides it.
  const reuse = options.reuse === true && process.env['TESTCONTAINERS_REUSE_ENABLE'] !== 'false';
  signal?.throwIfAborted();
  const testcontainers = loadTestcontainers(from);

  const engine = await within(startTimeoutMs, signal, (deadline) => connectEngine(testcontainers, deadline));
  // Images may have to be pulled.
  await within(undefined, signal, async (deadline) => {
    await pullImage(testcontainers, engine, image, deadline);
    if (!reuse) await startReaper(testcontainers, engine, deadline);
  });
  return within(startTimeoutMs, signal, async (deadline) => {
    const alike = likeness(image, args, tmpfs);
    const known = reuse ? await passwordOfReusable(engine, alike) : undefined;
    const password = known ?? randomBytes(24).toString('base64url');
    const plan = { image, arguments: args, tmpfs, password, likeness: alike };
    const container = await launchContainer(plan, reuse, { testcontainers, engine, deadline });
    const version = await versionIn(container);
    return new ContainerServer(container, { image, password, version, kept: reuse });
  });
}

/** The engine limits the duration of a pull; a timer holds no more than this. */
const anyTimeMs = 2 ** 31 - 1;

async function within<T>(
  timeoutMs = anyTimeMs,
  signal: AbortSignal | undefined,
  step: (deadline: Deadline) => Promise<T>,
): Promise<T> {
  const deadline = createDeadline(timeoutMs, signal);
  try {
    return await step(deadline);
  } finally {
    deadline.clear();
  }
}

function imageOf({ image, version }: TestcontainersServerOptions): string {
  if (image !== undefined && version !== undefined) {
    throw new ServerError(
      'OPTIONS_INVALID',
      'version chooses the default image: give version or image, not both.',
    );
  }
  // Callers in JavaScript may pass anything.
  if (image !== undefined && (typeof image !== 'string' || image === '')) {
    throw new ServerError(
      'OPTIONS_INVALID',
      `image must be the name of an image, not ${JSON.stringify(image)}.`,
    );
  }
  const major = version ?? 18;
  if (!Number.isInteger(major) || major < 13) {
    throw new ServerError(
      'OPTIONS_INVALID',
      `version must be a major version of PostgreSQL, 13 or later, not ${JSON.stringify(version)}.`,
    );
  }
  return image ?? `postgres:${major}-alpine`;
}

async function versionIn(container: StartedTestContainer): Promise<string> {
  const { output } = await container.exec(['postgres', '--version']);
  return /\(PostgreSQL\) (\S+)/.exec(output)?.[1] ?? output.trim();
}
