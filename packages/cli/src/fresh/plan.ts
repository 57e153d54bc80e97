import { planMigrations } from '@pg-evict/knex/internal';
import { openProjectKnex } from '@pg-evict/testing/filling';
import type { CommandContext } from '../context/command-context.js';
import { loadKnexfile } from '../context/engine.js';
import type { Filled } from './fill.js';
import { type FreshStep, nameOf } from './steps.js';

/**
 * The migrations and seeds that would be run, without running them. Sends nothing to a server.
 *
 * @throws PgEvictError `CONFIG_INVALID`, such as for a folder of migrations that is missing
 */
export async function planSteps(
  { configuration: { env }, connection: { settings } }: CommandContext,
  steps: readonly FreshStep[],
): Promise<Filled> {
  const planned: Filled = { migrations: [], seeds: [], ran: [] };
  for (const step of steps) {
    if (step.kind === 'command') {
      planned.ran.push(nameOf(step));
      continue;
    }
    const knex = openProjectKnex(step.knexfile, await loadKnexfile(step.knexfile, env), settings);
    try {
      const { migrations, seeds } = await planMigrations(knex, step);
      planned.migrations.push(...migrations);
      planned.seeds.push(...seeds);
    } finally {
      await knex.destroy();
    }
  }
  return planned;
}
