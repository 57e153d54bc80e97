import type { ExclusiveAccess } from '@pg-evict/core';
import type { CommandContext } from '../command-context.js';
import type { EndingOptions } from '../ending-options.js';
import { isPgEvictError, PgEvictError, renameDatabase, withExclusiveAccess } from '../engine.js';
import { environmentFor } from '../environment-for-command.js';
import { blocked, done, sessionsRemain } from '../exit-code.js';
import { findExecutable } from '../find-executable.js';
import type { GlobalOptions } from '../global-options.js';
import { printOperation } from '../print-operation.js';
import { startProgress } from '../progress.js';
import type { RemedyFlags } from '../remedy-options.js';
import { announceAccess, announceReturn, printRun } from '../report-run.js';
import { reportFailure } from '../report-failure.js';
import { runChild, type ChildOutcome } from '../run-child.js';
import { runCommand } from '../run-command.js';
import type { CommandParts } from '../split-command.js';

/** The options of `pg-evict run`. */
export interface RunOptions extends GlobalOptions, EndingOptions, RemedyFlags {}

/** `pg-evict run [database] -- <command…>` */
export async function run({ database, file, args }: CommandParts, options: RunOptions): Promise<void> {
  await runCommand(database, options, async (context) => {
    const missing = findExecutable(file);
    if (missing !== undefined) {
      // Before anybody is disconnected for it, with the exit code a shell has for it.
      const message = `${missing.message}. Nobody was disconnected.`;
      reportFailure(new PgEvictError('CONFIG_INVALID', message), {
        json: options.json === true,
        color: false,
      });
      return missing.exitCode;
    }
    if (options.dryRun === true) return plan(context, options);
    return hold(context, options, { file, args });
  });
}

/** Taking the database needs what renaming it needs, as that is how it is taken. */
async function plan({ deadline, ending, target }: CommandContext, options: RunOptions): Promise<number> {
  const { rollbackPrepared } = options;
  const name = `pg_evict_dry_run_${process.pid}`;
  const dryRun = await renameDatabase(target, name, {
    ...deadline,
    ...ending,
    rollbackPrepared,
    dryRun: true,
  });
  const { to: _to, ...report } = dryRun;
  printOperation({ ...report, command: 'run' }, options);
  if (report.denied.length > 0) return sessionsRemain;
  return report.blockers.length > 0 ? blocked : done;
}

/** Longer than a timer can hold is as good as for ever. */
const maxTimerMs = 2 ** 31 - 1;
const thirtySecondsMs = 30_000;

async function hold(
  { connection, deadline, ending, interrupts, target }: CommandContext,
  options: RunOptions,
  command: { readonly file: string; readonly args: readonly string[] },
): Promise<number> {
  const startedAt = performance.now();
  const database = target.database ?? '';
  const progress = startProgress(options);
  const held: { access?: ExclusiveAccess; outcome?: ChildOutcome } = {};
  // The deadline is kept here and not by core: giving the database back must not fail because it was short.
  // What is configured for operations does not bound the command.
  const timeoutMs = options.timeout === undefined ? undefined : Math.min(maxTimerMs, options.timeout);
  const limit = timeoutMs === undefined ? undefined : AbortSignal.timeout(timeoutMs);
  const tooLate = (state: string): Error =>
    new PgEvictError('TIMEOUT', `The deadline of ${timeoutMs} ms passed. ${state}`, {
      database,
      hint: 'Allow more time (--timeout).',
      terminated: held.access?.terminated,
    });
  try {
    await withExclusiveAccess(
      target,
      async (access) => {
        held.access = access;
        progress.stop();
        announceAccess(access, database, options);
        held.outcome = await runChild(command, {
          env: { ...environmentFor(access, connection, options.url), PG_EVICT_DATABASE: database },
          stdout: options.json === true ? 'stderr' : 'inherit',
          endsAt: timeoutMs === undefined ? undefined : startedAt + timeoutMs,
          interrupts,
        });
      },
      {
        ...ending,
        rollbackPrepared: options.rollbackPrepared,
        timeoutMs: Math.max(deadline.timeoutMs, thirtySecondsMs),
        signal: limit === undefined ? interrupts.signal : AbortSignal.any([interrupts.signal, limit]),
        onStep: progress.step,
      },
    ).finally(progress.stop);
  } catch (error) {
    if (held.outcome !== undefined) {
      process.stderr.write(`note: before this, the command had ended ${held.outcome.text}.\n`);
    } else if (isPgEvictError(error) && error.code === 'ABORTED' && !interrupts.signal.aborted) {
      throw tooLate(error.message.replace(/^Aborted\. /, ''));
    }
    throw error;
  }
  const { access, outcome } = held;
  if (access === undefined || outcome === undefined) throw new Error('the command was not run');
  if (outcome.timedOut) throw tooLate(`The command was told to end, and "${database}" was given back.`);
  const report = { database, access, outcome, durationMs: Math.round(performance.now() - startedAt) };
  if (options.json === true) printRun(report);
  else announceReturn(report, options);
  return outcome.exitCode;
}
