import type { ConnectionSource } from '@pg-evict/config';
import type { DatabaseDescription, OperationReport } from '@pg-evict/core';
import type { Colors } from 'picocolors/types.js';
import { formatSize } from './format-size.js';
import { printable } from './printable.js';
import { sessionTable } from './session-table.js';

/** What a destructive command shows before it asks. */
export function preview(
  plan: OperationReport,
  description: DatabaseDescription,
  source: ConnectionSource,
  colors: Colors,
): string {
  const { server, serverVersion, role, sizeBytes, owner } = description;
  const facts = [
    `PostgreSQL ${serverVersion.split(' ', 1)[0] ?? ''}`,
    `as ${printable(role)}`,
    `from ${printable(source.description)}`,
  ].join(', ');
  const size = sizeBytes === null ? 'size unknown' : formatSize(sizeBytes);
  const sessions = plan.terminated;
  const lines = [
    `${colors.dim('server  ')}  ${colors.bold(printable(server))} ${colors.dim(`(${facts})`)}`,
    `${colors.dim('database')}  ${colors.bold(printable(plan.database))} ${colors.dim(`(${size}, owner ${printable(owner ?? '')})`)}`,
    `${colors.dim('ends    ')}  ${sessions.length === 0 ? 'no session' : countSessions(sessions.length)}`,
  ];
  if (sessions.length > 0) lines.push('', sessionTable(sessions, colors, process.stderr.columns), '');
  return lines.join('\n');
}

/** `1 session`, `2 sessions`. */
export function countSessions(count: number): string {
  return `${count} ${count === 1 ? 'session' : 'sessions'}`;
}
