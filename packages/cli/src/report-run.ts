import type { ExclusiveAccess } from '@pg-evict/core';
import { createColors } from 'picocolors';
import { formatDuration } from './format-duration.js';
import type { GlobalOptions } from './global-options.js';
import { countSessions } from './preview.js';
import { printable } from './printable.js';
import type { ChildOutcome } from './run-child.js';
import { sessionTable } from './session-table.js';
import { toJsonSession } from './to-json-session.js';
import { toJsonText } from './to-json-text.js';
import { wantsColor } from './wants-color.js';

/** What `run` did. */
export interface RunReport {
  readonly database: string;
  readonly access: ExclusiveAccess;
  readonly outcome: ChildOutcome;
  readonly durationMs: number;
}

/** Says that the database is held now. On stderr, as stdout belongs to the command. */
export function announceAccess(
  { database: held, terminated }: ExclusiveAccess,
  database: string,
  { json, quiet }: GlobalOptions,
): void {
  if (quiet === true || json === true) return;
  const colors = createColors(wantsColor(process.stderr));
  const ended = terminated.length === 0 ? '' : `; ${countSessions(terminated.length)} ended`;
  process.stderr.write(
    `${colors.green('Holding')} ${colors.bold(printable(database))} as ${held}${ended}.\n` +
      (terminated.length === 0 ? '' : `${sessionTable(terminated, colors, process.stderr.columns)}\n`),
  );
}

/** Says that the database is back. */
export function announceReturn({ database, durationMs, outcome }: RunReport, options: GlobalOptions): void {
  if (options.quiet === true) return;
  const { bold, dim, green } = createColors(wantsColor(process.stderr));
  process.stderr.write(
    `${green('Gave back')} ${bold(printable(database))} ${dim(`after ${formatDuration(durationMs)}`)}; the command ended ${outcome.text}.\n`,
  );
}

/** Prints the one JSON document. */
export function printRun({ access, database, durationMs, outcome }: RunReport): void {
  process.stdout.write(
    toJsonText({
      command: 'run',
      database,
      exitCode: outcome.exitCode,
      signal: outcome.signal,
      terminated: access.terminated.map(toJsonSession),
      denied: [],
      durationMs,
      dryRun: false,
    }),
  );
}
