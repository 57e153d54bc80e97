import type { Session } from '@pg-evict/core';
import type { Colors } from 'picocolors/types.js';
import { countSessions } from '../terminal/format.js';
import { printable } from '../terminal/printable.js';
import { wrap } from '../terminal/wrap.js';
import { hiddenNote, isHidden } from './hidden.js';
import type { TableLayout } from './layout.js';
import { statesOfMany } from './states.js';
import { sessionTable } from './table.js';
import { shownName } from '../terminal/shown-name.js';

/** The result of one look at a database. */
export interface Listing {
  readonly database: string;
  /** The role that looked. */
  readonly role: string;
  readonly sessions: readonly Session[];
  /** The number of sessions whose activity is hidden from the role. */
  readonly hidden: number;
  /** Whether others may be there, which a filter leaves out. */
  readonly isFiltered: boolean;
  /** Why it is protected; `null` if it is not, empty if no reason was given. */
  readonly protection: string | null;
}

/** The sessions of a database as text: its protection, the table, and their number. */
export function sessionList(listing: Listing, colors: Colors, layout: TableLayout): string {
  const { database, hidden, isFiltered, protection, role, sessions } = listing;
  const name = colors.bold(shownName(database));
  const fixed = sessions.filter(({ canTerminate }) => !canTerminate).length;
  const counted = sessions.length === 0 ? 'No session' : countSessions(sessions.length);
  const lines = [
    ...(protection === null ? [] : [`${name} is ${colors.yellow('protected')}${because(protection)}.`]),
    ...(sessions.length === 0 ? [] : [sessionTable(sessions, colors, layout)]),
    ...(hidden === 0
      ? []
      : [colors.dim(wrap(hiddenNote(hidden, role, !sessions.some(isHidden)), layout.width))]),
    wrap(
      `${counted} on ${name}${isFiltered && sessions.length === 0 ? ' matches' : ''}${statesOfMany(sessions)}${notEndable(fixed, sessions.length)}.`,
      layout.width,
    ),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

function notEndable(fixed: number, all: number): string {
  if (fixed === 0) return '';
  return fixed === all ? '; none may be terminated' : `; ${fixed} may not be terminated`;
}

/** A reason in brackets, if there is one. */
export function because(reason: string): string {
  return reason === '' ? '' : ` (${printable(reason)})`;
}
