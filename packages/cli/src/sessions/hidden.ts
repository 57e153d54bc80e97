import type { Session } from '@pg-evict/core';
import type { FilterOptions } from '../options/filter.js';
import { countSessions } from '../terminal/format.js';
import { printable } from '../terminal/printable.js';

/** Whether the server hides what a session does: whose it is everybody sees, what backend it has only who sees the rest. */
export const isHidden = ({ user, backendType }: Session): boolean => user !== null && backendType === null;

/** Whether a filter asks for what the server may hide: whoever hides it is not found, whatever he does. */
export function filtersByHidden(options: FilterOptions): boolean {
  const { client, state, backendType, idleInTransaction, queryLongerThan, olderThan } = options;
  return [client, state, backendType, idleInTransaction, queryLongerThan, olderThan].some(
    (filter) => filter !== undefined,
  );
}

/**
 * Says what is hidden, and what shows it. Empty columns look like sessions that do nothing; and filters find nobody.
 *
 * @param isFiltered whether they are missing from what was asked for
 */
export function hiddenNote(hidden: number, role: string, isFiltered: boolean): string {
  const missed = isFiltered ? ', so this filter passes over them' : '';
  const quoted = `"${role.replaceAll('"', '""')}"`;
  return `What ${countSessions(hidden)} of other roles ${hidden === 1 ? 'does' : 'do'} is hidden from ${printable(role)}${missed}; it is shown after: GRANT pg_read_all_stats TO ${printable(quoted)};`;
}
