import { basename } from 'node:path';
import type { DatabaseAccess, OperationReport, Target } from '@pg-evict/core';
import { addressOf } from '@pg-evict/testing/filling';
import { createColors } from 'picocolors';
import type { CommandContext } from '../context/command-context.js';
import { outsideDeadline, recreateDatabase, terminateSessions } from '../context/engine.js';
import { type Filled, type FillOptions, fillBySteps } from '../fresh/fill.js';
import { sayFate } from '../fresh/say-fate.js';
import { planSteps } from '../fresh/plan.js';
import { type FreshStep, freshSteps } from '../fresh/steps.js';
import type { GlobalOptions } from '../options/global.js';
import type { FreshWords } from '../options/positionals.js';
import type { RemedyFlags } from '../options/remedy.js';
import type { UndoFlags } from '../options/undo.js';
import { type Perform, performOperation } from '../perform/perform-operation.js';
import { runCommand } from '../perform/run-command.js';
import { findOldDatabase } from '../restore/old-database.js';
import { wantsColor } from '../terminal/color.js';
import { formatDuration } from '../terminal/format.js';
import { printable } from '../terminal/printable.js';
import type { Progress } from '../terminal/progress.js';
import { divertStdout } from '../terminal/stdout.js';

/** The options of `pg-evict fresh`. */
export interface FreshOptions extends GlobalOptions, RemedyFlags, UndoFlags {
  readonly seed?: true;
  readonly inPlace?: true;
  readonly ifNotExists?: true;
  readonly template?: string;
  readonly owner?: string;
  readonly keepSettings?: boolean;
}

/** `pg-evict fresh [database] [-- <command…>]` */
export async function fresh({ database, command }: FreshWords, options: FreshOptions): Promise<void> {
  await runCommand(
    database,
    options,
    async (context) => {
      const steps = freshSteps(context, command, options.seed === true);
      return performOperation(context, performFresh(context, options, steps), {
        keeps: options.inPlace === true ? 'asked' : 'confirmed',
        command: 'fresh',
        waitsAfter: 'settings-applied',
      });
    },
    { searchesKnexfile: (config) => command === undefined && config.fresh?.command === undefined },
  );
  // Handles that a knexfile left open must not keep the command alive; knex's own command does not wait for them
  // either.
  // oxlint-disable-next-line no-process-exit -- everything has been said
  setTimeout(() => process.exit(), 1000).unref();
}

function performFresh(context: CommandContext, options: FreshOptions, steps: readonly FreshStep[]): Perform {
  const { target } = context;
  const { inPlace, ifNotExists, template, owner, keepSettings } = options;
  const { rollbackPrepared, dropSlots, dropSubscriptions } = options;
  const own = { ifNotExists, template, owner, keepSettings, rollbackPrepared, dropSlots, dropSubscriptions };
  return async (operation, progress) => {
    const recreate = { ...operation, ...own };
    const plan = async (): Promise<Filled> =>
      outsideDeadline(context.deadline, async () =>
        divertStdout(options, async () => planSteps(context, steps)),
      );
    if (operation.dryRun === true) {
      const planned = await plan();
      return reportOf(await recreateDatabase(target, recreate), planned);
    }
    const filling = { ...follow(progress, options), database: nameOf(target) };
    if (inPlace === true) {
      // Otherwise it would only be noticed after the old database is gone.
      await plan();
      return reportOf(await recreateDatabase(target, recreate), await fillInPlace(context, steps, filling));
    }
    let filled: Filled = { migrations: [], seeds: [], ran: [] };
    const report = await recreateDatabase(target, {
      ...recreate,
      onStep: async (step) => {
        // The following output waits until the new database is filled.
        if (step === 'settings-applied') progress?.say('Migrating');
        else await operation.onStep?.(step);
      },
      fill: async (access) => {
        const old = await findOldDatabase(access.connection, filling.database);
        try {
          filled = await fillBySteps(context, steps, { ...filling, access, inPlace: false });
        } catch (error) {
          throw await sayFate(error, access.connection, old);
        }
        await operation.onStep?.('settings-applied');
      },
    });
    return reportOf(report, filled);
  };
}

function reportOf(report: OperationReport, { migrations, ran, seeds }: Filled): Awaited<ReturnType<Perform>> {
  return { ...report, command: 'fresh', migrations, seeds: seeds.map((file) => basename(file)), ran };
}

/** The database, as node-postgres determines it if none is named. */
function nameOf({ database }: Target): string {
  return database ?? (process.env['PGDATABASE'] || '');
}

/** Fills the database itself. A statement that is no longer waited for would run on, so its session is terminated. */
async function fillInPlace(
  context: CommandContext,
  steps: readonly FreshStep[],
  filling: Pick<FillOptions, 'database' | 'onMigration'>,
): Promise<Filled> {
  const { connection, deadline, interrupts, target } = context;
  const { database } = filling;
  const sessions = new Set<number>();
  const { settings, tlsEnvironment } = connection;
  const address = addressOf({ connection: settings, tlsEnvironment, urlParameters: '' }, database);
  const access: DatabaseAccess = {
    database,
    connection: address.connection,
    url: address.url,
    signal: interrupts.signal,
  };
  const onSession = (pid: number): unknown => sessions.add(pid);
  try {
    return await outsideDeadline(deadline, async () =>
      fillBySteps(context, steps, { ...filling, access, inPlace: true, onSession }),
    );
  } catch (error) {
    // The earlier failure is the one to report.
    if (sessions.size > 0)
      await terminateSessions(target, {
        timeoutMs: deadline.timeoutMs,
        filter: { sessions: [...sessions] },
      }).catch(() => undefined);
    throw error;
  }
}

/** Shows each completed migration, with its duration. */
function follow(
  progress: Progress | undefined,
  { json, quiet, seed }: FreshOptions,
): Pick<FillOptions, 'onMigration'> {
  const isText = json !== true && quiet !== true;
  const { dim } = createColors(wantsColor(process.stdout));
  return {
    onMigration: (name, { done, of, tookMs }) => {
      if (isText) process.stdout.write(`${printable(name)}  ${dim(formatDuration(Math.round(tookMs)))}\n`);
      const rest = seed === true ? 'Seeding' : 'Swapping';
      progress?.say(done < of ? `Migrating (${done} of ${of})` : rest);
    },
  };
}
