import { environmentFor } from '../child/environment.js';
import { findExecutable } from '../child/find-executable.js';
import { type ChildOutcome, runChild } from '../child/run-child.js';
import type { CommandContext } from '../context/command-context.js';
import { isPgEvictError, PgEvictError, withExclusiveAccess } from '../context/engine.js';
import type { EndingOptions } from '../options/ending.js';
import type { GlobalOptions } from '../options/global.js';
import type { CommandParts } from '../options/positionals.js';
import type { RemedyFlags } from '../options/remedy.js';
import { followOperation } from '../perform/follow-operation.js';
import { confirmOperation } from '../perform/confirm-operation.js';
import { type Perform, performOperation } from '../perform/perform-operation.js';
import { runCommand } from '../perform/run-command.js';
import { reportFailure } from '../report/failure.js';
import { announceAccess, announceReturn, printRun } from '../report/run.js';
import { startProgress } from '../terminal/progress.js';

/** The options of `pg-evict run`. */
export interface RunOptions extends GlobalOptions, EndingOptions, RemedyFlags {}

/** `pg-evict run [database] -- <command…>` */
export async function run({ database, file, args }: CommandParts, options: RunOptions): Promise<void> {
  await runCommand(database, options, async (context) => {
    const missing = findExecutable(file);
    if (missing !== undefined) {
      // Before any session is terminated for it, with the exit code that a shell has for it.
      const message = `${missing.message}. No session was disconnected.`;
      reportFailure(new PgEvictError('CONFIG_INVALID', message), {
        json: options.json === true,
        color: false,
      });
      return missing.exitCode;
    }
    if (options.dryRun === true) return plan(context, options);
    const operation = { ...context.deadline, ...context.ending };
    await confirmOperation(context, async () => planRun(context, options)(operation), 'elsewhere');
    return hold(context, options, { file, args });
  });
}

const planRun =
  ({ target }: CommandContext, { rollbackPrepared }: RunOptions): Perform =>
  async (operation) =>
    withExclusiveAccess(target, () => undefined, { ...operation, rollbackPrepared, dryRun: true });

async function plan(context: CommandContext, options: RunOptions): Promise<number> {
  return performOperation(context, planRun(context, options));
}

/** A time longer than a timer can hold is as good as for ever. */
const maxTimerMs = 2 ** 31 - 1;

async function hold(
  context: CommandContext,
  options: RunOptions,
  command: { readonly file: string; readonly args: readonly string[] },
): Promise<number> {
  const { connection, deadline, ending, interrupts, target } = context;
  const startedAt = performance.now();
  const database = target.database ?? '';
  const progress = startProgress(options);
  const follower = followOperation(context, progress, { waitsAfter: 'created' });
  const lost = new AbortController();
  let ran: ChildOutcome | undefined;
  try {
    const report = await withExclusiveAccess(
      target,
      async (access) => {
        follower.stop();
        progress.stop();
        announceAccess(access, database, options, target.poolers);
        // Our own abort is caused by a signal, and signals reach the command anyway.
        access.signal.addEventListener('abort', () => {
          if (isPgEvictError(access.signal.reason)) lost.abort(access.signal.reason);
        });
        ran = await runChild(command, {
          env: { ...environmentFor(access, connection, options.url), PG_EVICT_DATABASE: database },
          stdout: options.json === true ? 'stderr' : 'inherit',
          // The configured timeout of operations does not limit the command.
          endsAt:
            options.timeout === undefined ? undefined : startedAt + Math.min(maxTimerMs, options.timeout),
          stop: lost.signal,
          interrupts,
        });
        lost.signal.throwIfAborted();
        return ran;
      },
      {
        ...deadline,
        ...ending,
        rollbackPrepared: options.rollbackPrepared,
        onStep: (step) => {
          progress.step(step);
          // The placeholder is new; no settings are carried over to it.
          if (step === 'created') progress.say('Terminating the sessions');
          follower.step(step);
        },
      },
    ).finally(() => {
      follower.stop();
      progress.stop();
    });
    const { terminated, value } = report;
    if (value.timedOut) {
      throw new PgEvictError(
        'TIMEOUT',
        `The deadline of ${deadline.timeoutMs} ms passed. The command was told to end, and "${database}" was given back.`,
        { database, hint: 'Allow more time (--timeout).', terminated },
      );
    }
    if (options.json === true) printRun(report);
    else announceReturn(report, options);
    return value.exitCode;
  } catch (error) {
    if (ran?.timedOut === false)
      process.stderr.write(`note: before this, the command had ended ${ran.text}.\n`);
    throw error;
  }
}
