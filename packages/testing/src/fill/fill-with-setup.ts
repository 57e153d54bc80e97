import { loadConfig } from '@pg-evict/config';
import { PgEvictError } from '@pg-evict/core';
import { fillWithFunction } from './fill-with-function.js';
import type { SetupJob } from './job.js';

/**
 * Runs the `setup` function of a configuration file in this process.
 *
 * @throws {@link PgEvictError} what {@link fillWithFunction} throws, `CONFIG_INVALID` where there is no such function any more
 */
export async function fillWithSetup({ file, env, address }: SetupJob): Promise<void> {
  const { config } = await loadConfig({ path: file, env });
  const setup = config.testing?.template?.setup;
  if (setup === undefined) {
    throw new PgEvictError('CONFIG_INVALID', `${file} has no testing.template.setup any more.`);
  }
  await fillWithFunction(setup, address);
}
