import type { DatabaseDescription } from '@pg-evict/core';
import type { Colors } from 'picocolors/types.js';
import { sessionTable } from '../sessions/table.js';
import { countSessions, countTables, formatSize } from '../terminal/format.js';
import { printable } from '../terminal/printable.js';
import type { PerformedReport, RestoredDump } from './performed.js';

/** What a command shows before it asks: server and database. */
export function previewDatabase(description: DatabaseDescription, source: string, colors: Colors): string[] {
  const { database, server, serverVersion, role, sizeBytes, owner } = description;
  const facts = [
    `PostgreSQL ${serverVersion.split(' ', 1)[0] ?? ''}`,
    `as ${printable(role)}`,
    `from ${printable(source)}`,
  ].join(', ');
  const size = sizeBytes === null ? 'size unknown' : formatSize(sizeBytes);
  return [
    `${colors.dim('server  ')}  ${colors.bold(printable(server))} ${colors.dim(`(${facts})`)}`,
    `${colors.dim('database')}  ${colors.bold(printable(database))} ${colors.dim(`(${size}, owner ${printable(owner ?? '')})`)}`,
  ];
}

/** What a destructive operation shows beside that: who would be disconnected, and what else would be lost. */
export function previewPlan({ removed, restored, terminated }: PerformedReport, colors: Colors): string[] {
  const count = terminated.length === 0 ? 'no session' : countSessions(terminated.length);
  const lines = [
    ...(restored === undefined ? [] : [`${colors.dim('dump    ')}  ${describeDump(restored, colors)}`]),
    `${colors.dim('ends    ')}  ${count}`,
    ...removed.map(({ detail }) => `${colors.yellow('also    ')}  ${printable(detail)}`),
  ];
  if (terminated.length > 0) lines.push('', sessionTable(terminated, colors, process.stderr.columns), '');
  return lines;
}

/** A dump, and what is known of it: `app.dump (custom, 12 tables, of app, 2026-01-31 23:59:59 UTC)`. */
function describeDump({ dump, format, origin, tables }: RestoredDump, colors: Colors): string {
  const facts = [
    format,
    ...(tables === null ? [] : [countTables(tables)]),
    ...(origin === undefined ? [] : [origin]),
  ];
  return `${colors.bold(printable(dump))} ${colors.dim(`(${printable(facts.join(', '))})`)}`;
}
