import { loadConfig, type ResolvedConfig } from '@pg-evict/config';
import { PgEvictError } from '@pg-evict/core';
import { fillWithFunction } from './fill-with-function.js';
import type { SetupJob } from './job.js';

/** The `setup` function of a template: of the one that is named in `testing.templates`, else of `testing.template`. */
export function setupOf(
  { testing }: ResolvedConfig,
  name: string | undefined,
): ((url: string) => unknown) | undefined {
  return (name === undefined ? testing?.template : testing?.templates?.[name])?.setup;
}

/**
 * Runs the `setup` function of a configuration file in this process.
 *
 * @throws {@link PgEvictError} the errors of {@link fillWithFunction}, `CONFIG_INVALID` if there is no such function
 * any more
 */
export async function fillWithSetup({ file, env, address, name }: SetupJob): Promise<void> {
  const { config } = await loadConfig({ path: file, env });
  const setup = setupOf(config, name);
  if (setup === undefined) {
    throw new PgEvictError(
      'CONFIG_INVALID',
      `${file} has no ${name === undefined ? 'testing.template' : `testing.templates.${name}`}.setup any more.`,
    );
  }
  await fillWithFunction(setup, address);
}
