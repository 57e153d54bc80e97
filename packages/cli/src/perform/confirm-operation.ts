import type { DatabaseDescription } from '@pg-evict/core';
import type { CommandContext } from '../context/command-context.js';
import { PgEvictError } from '../context/engine.js';
import { asItWas, countMigrations, keptDetails, type PerformedReport } from '../report/performed.js';
import { previewPlan, scaleOf } from '../report/preview.js';
import { countSessions, formatTime } from '../terminal/format.js';
import { printable } from '../terminal/printable.js';
import { type Asks, confirm, type Confirmation } from './confirm.js';
import { quotedName } from '../terminal/shown-name.js';

/**
 * Asks before an operation, showing the content that is lost and the sessions that would be terminated. An operation
 * that cannot succeed fails without a question.
 *
 * @param plan makes a dry run of it
 * @param copies the database that it copies
 * @returns whether it was shown and asked
 */
export async function confirmOperation(
  context: CommandContext,
  plan: () => Promise<PerformedReport>,
  asks: Asks,
  copies?: string,
): Promise<Confirmation> {
  return confirm(
    context,
    async (description) => {
      const report = await plan();
      assertPossible(report);
      const isNothing = !report.changed || (!description.exists && report.command !== 'create');
      if (isNothing && keptDetails(report).length === 0) return undefined;
      return {
        text: questionOf(report, description, copies),
        preview: (colors) => previewPlan(report, colors, context.options),
      };
    },
    asks,
  );
}

/** `Recreate "app" on db.local:5432 (274 MB, 63 sessions)? All its data will be lost.` */
function questionOf(
  report: PerformedReport,
  description: DatabaseDescription,
  copies: string | undefined,
): string {
  const { command, restored, to } = report;
  const name = `${quotedName(report.database)} on ${printable(description.server)}`;
  if (command === 'create' && copies !== undefined) {
    const sessions = countSessions(report.terminated.length);
    return `Create ${name} as a copy of ${quotedName(copies)} (${sessions})? ${fateOf(report, quotedName(copies))}`;
  }
  if (!description.exists) return `Drop what is kept of ${name} for an undo? It will be lost.`;
  const scale = scaleOf(description, report.terminated.length);
  const target = to === undefined ? '' : ` to ${quotedName(to)}`;
  const filled = restored === undefined ? countMigrations(report) : ` from ${printable(restored.dump)}`;
  const meanwhile = command === 'run' ? ' while the command runs' : '';
  const what = `${verbs[command] ?? command} ${name} (${scale})${target}${filled}${meanwhile}`;
  return `${what}? ${fateOf(report)}`;
}

const verbs: Partial<Record<PerformedReport['command'], string>> = {
  drop: 'Drop',
  recreate: 'Recreate',
  fresh: 'Recreate',
  restore: 'Restore',
  rename: 'Rename',
  clone: 'Clone',
  swap: 'Swap',
  undo: 'Undo the last change of',
  run: 'Hold',
};

/** @param connected the database whose sessions are terminated */
function fateOf(
  { command, kept, keptAs, notKept, terminated, undone }: PerformedReport,
  connected?: string,
): string {
  if (undone !== undefined) {
    const now =
      kept === null
        ? `Its present content will be lost${notKept === null ? '.' : `, because ${printable(notKept)}.`}`
        : `Its present content will be kept until ${formatTime(new Date(kept.until))}, for pg-evict undo.`;
    return `It will be ${asItWas(undone)}. ${now}`;
  }
  if (kept !== null)
    return `Its data will be kept until ${formatTime(new Date(kept.until))}, for pg-evict undo.`;
  const lost = notKept === null ? '' : ` It cannot be kept: ${printable(notKept)}.`;
  if (keptAs !== undefined) return `Its data will be kept as ${quotedName(keptAs)}.`;
  const isLost = command === 'drop' || command === 'recreate' || command === 'fresh' || command === 'restore';
  if (isLost) return `All its data will be lost.${lost}`;
  return terminated.length === 0
    ? 'No session will be terminated.'
    : `${connected === undefined ? 'Its sessions' : `The sessions of ${connected}`} will be terminated; its data stays.`;
}

/** Fails now with the error that the operation would fail with later. */
function assertPossible({ command, database, denied, blockers }: PerformedReport): void {
  if (denied.length === 0 && blockers.length === 0) return;
  const failure = `Database "${database}" cannot be ${participles[command] ?? 'recreated'}`;
  throw new PgEvictError(
    denied.length > 0 ? 'SESSIONS_REMAIN' : 'BLOCKED',
    `${failure}: ${denied.length > 0 ? 'sessions may not be terminated' : 'something stands in the way'}. Nothing was changed.`,
    { database, blockers },
  );
}

const participles: Partial<Record<PerformedReport['command'], string>> = {
  create: 'created',
  drop: 'dropped',
  restore: 'restored',
  rename: 'renamed',
  clone: 'cloned',
  swap: 'swapped',
  undo: 'put back',
  run: 'held',
};
