import { basename } from 'node:path';
import { migrateFresh, type MigrateFreshOptions } from '@pg-evict/knex';
import { createColors } from 'picocolors';
import type { CommandContext } from '../context/command-context.js';
import { loadMigrationFile } from '../context/engine.js';
import { openProjectKnex, type ProjectKnex } from '../fresh/project-knex.js';
import type { GlobalOptions } from '../options/global.js';
import type { RemedyFlags } from '../options/remedy.js';
import { type Perform, performOperation } from '../perform/perform-operation.js';
import { runCommand } from '../perform/run-command.js';
import { wantsColor } from '../terminal/color.js';
import { formatDuration } from '../terminal/format.js';
import { printable } from '../terminal/printable.js';
import type { Progress } from '../terminal/progress.js';
import { divertStdout } from '../terminal/stdout.js';

/** The options of `pg-evict fresh`. */
export interface FreshOptions extends GlobalOptions, RemedyFlags {
  readonly seed?: true;
  readonly inPlace?: true;
  readonly ifNotExists?: true;
  readonly template?: string;
  readonly owner?: string;
  readonly keepSettings?: boolean;
}

/** `pg-evict fresh [database]` */
export async function fresh(database: string | undefined, options: FreshOptions): Promise<void> {
  await runCommand(
    database,
    options,
    async (context) => {
      const knex = await divertStdout(options, async () => openProjectKnex(context));
      try {
        return await performOperation(context, performFresh(context, options, knex), { isDestructive: true });
      } finally {
        await knex.destroy();
      }
    },
    { searchesKnexfile: true },
  );
  // What a knexfile or a migration left open must not keep the command; knex's own does not wait for it either.
  // oxlint-disable-next-line no-process-exit -- everything has been said
  setTimeout(() => process.exit(), 1000).unref();
}

function performFresh(context: CommandContext, options: FreshOptions, knex: ProjectKnex): Perform {
  const { connection, target } = context;
  const { seed, inPlace, ifNotExists, template, owner, keepSettings } = options;
  const { rollbackPrepared, dropSlots, dropSubscriptions } = options;
  const own = { seed, inPlace, ifNotExists, template, owner, keepSettings };
  return async (operation, progress) => {
    const report = await divertStdout(options, async () =>
      migrateFresh(knex, {
        ...operation,
        ...own,
        rollbackPrepared,
        dropSlots,
        dropSubscriptions,
        adminConnection: target.connection === connection.settings ? undefined : target.connection,
        maintenanceDatabase: target.maintenanceDatabase,
        protect: target.protect,
        ...(progress === undefined ? {} : followMigrations(progress, options)),
      }),
    );
    return { ...report, command: 'fresh', seeds: report.seeds.map((file) => basename(file)) };
  };
}

/** Shows each migration that is done, with the time it took. */
function followMigrations(
  progress: Progress,
  { inPlace, json, quiet, seed }: FreshOptions,
): Pick<MigrateFreshOptions, 'loadFile' | 'onStep' | 'onMigration'> {
  const isText = json !== true && quiet !== true;
  const { dim } = createColors(wantsColor(process.stdout));
  let startedAt = performance.now();
  return {
    loadFile: async (file) => {
      const loaded = await loadMigrationFile(file);
      // knex asks for each once more right before it runs it.
      startedAt = performance.now();
      return loaded;
    },
    onStep: (step) => {
      progress.step(step);
      if (step === (inPlace === true ? 'dropped' : 'settings-applied')) progress.say('Migrating');
    },
    onMigration: (name, { done, of }) => {
      const took = dim(formatDuration(Math.round(performance.now() - startedAt)));
      startedAt = performance.now();
      if (isText) process.stdout.write(`${printable(name)}  ${took}\n`);
      const rest = seed === true ? 'Seeding' : 'Swapping';
      progress.say(done < of ? `Migrating (${done} of ${of})` : rest);
    },
  };
}
