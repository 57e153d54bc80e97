import type { DatabaseDescription, Session } from '@pg-evict/core';
import type { Colors } from 'picocolors/types.js';
import type { GlobalOptions } from '../options/global.js';
import { shortLayout } from '../sessions/layout.js';
import { sessionTable } from '../sessions/table.js';
import { countSessions, countTables, formatSize } from '../terminal/format.js';
import { printable } from '../terminal/printable.js';
import { textWidth, wrap } from '../terminal/wrap.js';
import { lostDetails, type PerformedReport, type RestoredDump } from './performed.js';
import { standbyLines } from './standbys.js';
import { shownName } from '../terminal/shown-name.js';

/** The size of the loss: `274 MB, 63 sessions`. */
export function scaleOf({ sizeBytes }: Pick<DatabaseDescription, 'sizeBytes'>, sessions: number): string {
  const size = sizeBytes === null ? 'size unknown' : formatSize(sizeBytes);
  return `${size}, ${sessions === 0 ? 'no session' : countSessions(sessions)}`;
}

/** The text shown before a question: server and database. */
export function previewDatabase(description: DatabaseDescription, source: string, colors: Colors): string[] {
  const { database, exists, server, serverVersion, role, sizeBytes, owner } = description;
  const facts = [
    `PostgreSQL ${serverVersion.split(' ', 1)[0] ?? ''}`,
    `as ${printable(role)}`,
    `from ${printable(source)}`,
  ].join(', ');
  const size = sizeBytes === null ? 'size unknown' : formatSize(sizeBytes);
  const state = exists ? `${size}, owner ${printable(owner ?? '')}` : 'does not exist';
  const lines = [
    `${colors.dim('server  ')}  ${colors.bold(printable(server))} ${colors.dim(`(${facts})`)}`,
    `${colors.dim('database')}  ${colors.bold(shownName(database))} ${colors.dim(`(${state})`)}`,
  ];
  return lines.map((line) => wrap(line, textWidth(process.stderr), { indent: ' '.repeat(10) }));
}

/** The text that a destructive operation shows beside that: the sessions that would be terminated, and other losses. */
export function previewPlan(report: PerformedReport, colors: Colors, options: GlobalOptions): string[] {
  const { dryRun, restored, standbys, terminated } = report;
  return [
    ...(restored === undefined ? [] : [`${colors.dim('dump    ')}  ${describeDump(restored, colors)}`]),
    ...lostDetails(report).map((detail) =>
      wrap(`${colors.yellow('also    ')}  ${printable(detail)}`, textWidth(process.stderr), {
        indent: ' '.repeat(10),
      }),
    ),
    ...standbyLines({ dryRun, standbys }).map((line) =>
      wrap(`${colors.yellow('also    ')}  ${printable(line)}`, textWidth(process.stderr), {
        indent: ' '.repeat(10),
      }),
    ),
    ...previewSessions(terminated, colors, options),
  ];
}

/** The sessions that would be terminated, shown before the question. */
export function previewSessions(
  sessions: readonly Session[],
  colors: Colors,
  options: GlobalOptions,
): string[] {
  if (sessions.length === 0) return [`${colors.dim('sessions')}  none`];
  return [
    `${colors.dim('sessions')}  ${sessions.length}`,
    '',
    sessionTable(sessions, colors, shortLayout(process.stderr, options)),
    '',
  ];
}

/** A dump, and the known facts about it: `app.dump (custom, 12 tables, of app, 2026-01-31 23:59:59 UTC)`. */
function describeDump({ dump, format, origin, tables }: RestoredDump, colors: Colors): string {
  const facts = [
    format,
    ...(tables === null ? [] : [countTables(tables)]),
    ...(origin === undefined ? [] : [origin]),
  ];
  return `${colors.bold(printable(dump))} ${colors.dim(`(${printable(facts.join(', '))})`)}`;
}
