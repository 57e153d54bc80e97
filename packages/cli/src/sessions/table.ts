import type { Session } from '@pg-evict/core';
import measure from 'fast-string-truncated-width';
import type { Colors } from 'picocolors/types.js';
import { redactQuery } from '../context/engine.js';
import { formatAge } from '../terminal/format.js';
import { printable } from '../terminal/printable.js';
import { wrap } from '../terminal/wrap.js';
import type { TableLayout } from './layout.js';
import { type Branch, lockTree } from './lock-tree.js';
import { countStates } from './states.js';

interface Column {
  readonly title: string;
  readonly value: (session: Session) => string;
  /** The text before the value, its spaces kept. */
  readonly before?: (branch: Branch) => string;
  /** Wider values are cut on a terminal. */
  readonly maxWidth: number;
  readonly alignRight?: true;
}

const gap = '  ';
const minQueryWidth = 20;

const columns: readonly Column[] = [
  {
    title: 'PID',
    value: (s) => String(s.pid),
    before: ({ prefix }) => prefix,
    maxWidth: 40,
    alignRight: true,
  },
  { title: 'USER', value: (s) => s.user ?? s.backendType ?? '', maxWidth: 20 },
  { title: 'APPLICATION', value: (s) => s.application ?? '', maxWidth: 24 },
  { title: 'CLIENT', value: (s) => s.client ?? '', maxWidth: 39 },
  { title: 'STATE', value: (s) => s.state ?? '', maxWidth: 30 },
  {
    title: 'SINCE',
    value: (s) => (s.since === null ? '' : formatAge(s.since)),
    maxWidth: 8,
    alignRight: true,
  },
  { title: 'WAITING FOR', value: waitingFor, maxWidth: 48 },
  { title: 'BLOCKED BY', value: (s) => s.blockedBy.map(nameBlocker).join(','), maxWidth: 20 },
  { title: 'MAY END', value: (s) => (s.canTerminate ? '' : 'no'), maxWidth: 7 },
  { title: 'QUERY', value: (s) => redactQuery(s.query ?? ''), maxWidth: Number.POSITIVE_INFINITY },
];

/** The state of an idle session already says that it waits for its client. */
function waitingFor({ state, waitEvent, waitsFor }: Session): string {
  if (waitsFor === null && waitEvent === 'Client:ClientRead' && state?.startsWith('idle') === true) return '';
  return waitsFor ?? waitEvent ?? '';
}

/** The server gives the pid 0 for a prepared transaction, which belongs to no session any more. */
const nameBlocker = (pid: number): string => (pid === 0 ? 'prepared transaction' : String(pid));

/** Columns that a narrow terminal omits, in this order. */
const dispensable = ['CLIENT', 'SINCE', 'WAITING FOR', 'USER', 'APPLICATION'];

/** The minimum width of a column before another one is left out. */
const minWidths: Readonly<Record<string, number>> = { USER: 8, APPLICATION: 12, STATE: 12, CLIENT: 15 };

/**
 * A table of sessions, one line each, without a frame. A session that waits for a lock stands below the holder. Below
 * the table it says how many sessions and which columns are not shown.
 */
export function sessionTable(
  sessions: readonly Session[],
  colors: Colors,
  { limit = Number.POSITIVE_INFINITY, width }: TableLayout = {},
): string {
  const all = lockTree(sessions);
  // One more line would take no more room than the line that counts it.
  const branches = all.length <= limit + 1 ? all : all.slice(0, limit);
  const isTree = branches.some(({ prefix }) => prefix !== '');
  const filled = columns
    .map((column) => ({
      ...column,
      alignRight: column.alignRight === true && !(isTree && column.title === 'PID'),
      cells: branches.map(
        (branch) => (column.before?.(branch) ?? '') + printable(column.value(branch.session)),
      ),
    }))
    .filter(({ cells }) => cells.some((cell) => cell !== ''))
    .filter(({ title }) => title !== 'BLOCKED BY' || !isWholeTree(branches))
    .map((column) => ({
      ...column,
      width: Math.min(
        width === undefined ? Number.POSITIVE_INFINITY : column.maxWidth,
        Math.max(column.title.length, ...column.cells.map((cell) => measure(cell).width)),
      ),
    }));
  const shown = width === undefined ? filled : fit(filled, width);
  const line = (cells: readonly string[]): string =>
    shown
      .map((column, index) => pad(cells[index] ?? '', column.width, column.alignRight))
      .join(gap)
      .trimEnd();
  return [
    colors.dim(line(shown.map(({ title }) => title))),
    ...branches.map((_, row) => line(shown.map(({ cells }) => cells[row] ?? ''))),
    ...notShown(
      filled.flatMap(({ title }) => (shown.some((column) => column.title === title) ? [] : [title])),
      all.slice(branches.length).map(({ session }) => session),
    ).map((note) => colors.dim(wrap(note, width))),
  ].join('\n');
}

function notShown(titles: readonly string[], more: readonly Session[]): string[] {
  return [
    ...(more.length === 0 ? [] : [`… and ${more.length} more: ${countStates(more)}`]),
    ...(titles.length === 0 ? [] : [`Not shown: ${titles.join(', ')}. --wide shows every column.`]),
  ];
}

/** Whether the tree shows every blocker: no session waits for two, or for one that is not listed. */
function isWholeTree(branches: readonly Branch[]): boolean {
  return branches.every(
    ({ session: { blockedBy }, prefix }) =>
      blockedBy.length === 0 || (blockedBy.length === 1 && prefix !== ''),
  );
}

/** Makes columns narrower, then leaves columns out, until the query has room; then gives it the rest. */
function fit<T extends { title: string; width: number }>(all: readonly T[], width: number): T[] {
  let shown = [...all];
  const roomForQuery = (): number =>
    shown.reduce(
      (room, column) => (column.title === 'QUERY' ? room : room - column.width - gap.length),
      width,
    );
  const query = all.find(({ title }) => title === 'QUERY');
  const needed = query === undefined ? -gap.length : Math.min(minQueryWidth, query.width);
  const narrow = (): void => {
    for (const [title, least] of Object.entries(minWidths)) {
      const missing = needed - roomForQuery();
      if (missing <= 0) return;
      shown = shown.map((column) =>
        column.title === title
          ? { ...column, width: Math.max(Math.min(least, column.width), column.width - missing) }
          : column,
      );
    }
  };
  for (const title of dispensable) {
    if (roomForQuery() >= needed) break;
    const before = shown;
    narrow();
    if (roomForQuery() >= needed) break;
    shown = before.filter((column) => column.title !== title);
  }
  if (roomForQuery() < needed) narrow();
  const room = Math.max(1, roomForQuery());
  return shown.map((column) =>
    column.title === 'QUERY' ? { ...column, width: Math.min(column.width, room) } : column,
  );
}

function pad(cell: string, width: number, alignRight: boolean): string {
  const { index, truncated, width: used } = measure(cell, { limit: width, ellipsis: '…' });
  if (truncated) return `${cell.slice(0, index)}…`;
  const space = ' '.repeat(Math.max(0, Number.isFinite(width) ? width - used : 0));
  return alignRight ? space + cell : cell + space;
}
