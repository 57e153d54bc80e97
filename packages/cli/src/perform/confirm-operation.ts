import type { CommandContext } from '../context/command-context.js';
import { PgEvictError } from '../context/engine.js';
import { countMigrations, type PerformedReport } from '../report/performed.js';
import { previewPlan } from '../report/preview.js';
import { printable } from '../terminal/printable.js';
import { confirm } from './confirm.js';

/**
 * Asks before an operation by which something is lost, showing what and who would be disconnected. What could not
 * succeed anyway fails instead of being asked.
 *
 * @param plan makes a dry run of it
 */
export async function confirmOperation(
  context: CommandContext,
  plan: () => Promise<PerformedReport>,
): Promise<void> {
  await confirm(context, async ({ exists }) => {
    const report = await plan();
    assertPossible(report);
    if (!exists || !report.changed) return undefined;
    const { command, keptAs, restored } = report;
    const filled = restored === undefined ? countMigrations(report) : ` from ${printable(restored.dump)}`;
    const fate = keptAs === undefined ? 'lose what is in it' : `keep what is in it as "${printable(keptAs)}"`;
    return {
      verb: command === 'fresh' ? 'recreate' : command,
      loss: `${filled}${command === 'fresh' ? ',' : ''} and ${fate}`,
      preview: (colors) => previewPlan(report, colors),
    };
  });
}

/** Fails now with what would make the operation fail later. */
function assertPossible({ command, database, denied, blockers }: PerformedReport): void {
  if (denied.length === 0 && blockers.length === 0) return;
  const done = command === 'drop' ? 'dropped' : command === 'restore' ? 'restored' : 'recreated';
  const failure = `Database "${database}" cannot be ${done}`;
  throw new PgEvictError(
    denied.length > 0 ? 'SESSIONS_REMAIN' : 'BLOCKED',
    `${failure}: ${denied.length > 0 ? 'sessions may not be ended' : 'something stands in the way'}. Nothing was changed.`,
    { database, blockers },
  );
}
