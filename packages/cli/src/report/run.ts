import type { ExclusiveAccess, ExclusiveAccessReport } from '@pg-evict/core';
import { createColors } from 'picocolors';
import type { ChildOutcome } from '../child/run-child.js';
import type { GlobalOptions } from '../options/global.js';
import { shortLayout } from '../sessions/layout.js';
import { sessionTable } from '../sessions/table.js';
import { wantsColor } from '../terminal/color.js';
import { countSessions, formatDuration } from '../terminal/format.js';
import { toJsonText } from '../terminal/json.js';
import { printable } from '../terminal/printable.js';
import { poolerHint } from './pooled-sessions.js';
import { toJsonOperation } from './operation.js';
import { warnOfLeftovers, warnOfPoolers } from './warnings.js';
import { shownName } from '../terminal/shown-name.js';

/** The result of `run`. */
export type RunReport = ExclusiveAccessReport<ChildOutcome>;

/** Says that the database is held now. On stderr, because stdout belongs to the command. */
export function announceAccess(
  { database: held, removed, terminated }: ExclusiveAccess,
  database: string,
  options: GlobalOptions,
  poolers: readonly unknown[] = [],
): void {
  const { json, quiet } = options;
  if (quiet === true || json === true) return;
  const colors = createColors(wantsColor(process.stderr));
  const ended = terminated.length === 0 ? '' : `; ${countSessions(terminated.length)} terminated`;
  process.stderr.write(
    `${colors.green('Holding')} ${colors.bold(shownName(database))} as ${held}${ended}.\n` +
      (terminated.length === 0
        ? ''
        : `${sessionTable(terminated, colors, shortLayout(process.stderr, options))}\n`) +
      removed.map(({ detail }) => `${colors.yellow('lost:')} ${printable(detail)}\n`).join('') +
      [...poolerHint(terminated, poolers, false), ...waitNote(poolers)].map((line) => `${line}\n`).join(''),
  );
}

/** Clients of a pooler wait as long as the command runs, if the pooler lets them. */
function waitNote(poolers: readonly unknown[]): string[] {
  return poolers.length === 0
    ? []
    : [
        'Clients of the pooler wait until the command has ended, but no longer than its query_wait_timeout (120 s unless it is configured).',
      ];
}

/** Says that the database is back. */
export function announceReturn(report: RunReport, options: GlobalOptions): void {
  if (options.quiet === true) return;
  const { database, durationMs, value } = report;
  const { bold, dim, green } = createColors(wantsColor(process.stderr));
  process.stderr.write(
    `${green('Gave back')} ${bold(shownName(database))} ${dim(`after ${formatDuration(durationMs)}`)}; the command ended ${value.text}.\n`,
  );
  warnOfLeftovers(report);
  warnOfPoolers(report);
}

/** Prints the one JSON document. */
export function printRun({ value: { exitCode, signal }, ...report }: RunReport): void {
  process.stdout.write(toJsonText({ ...toJsonOperation(report), exitCode, signal }));
}
