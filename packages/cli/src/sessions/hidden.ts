import type { Session } from '@pg-evict/core';
import type { FilterOptions } from '../options/filter.js';
import { countSessions } from '../terminal/format.js';
import { printable } from '../terminal/printable.js';

/**
 * Whether the server hides the activity of a session: every role sees its user, only a privileged one its backend type
 * and the rest.
 */
export const isHidden = ({ user, backendType }: Session): boolean => user !== null && backendType === null;

/** Whether a filter asks for a value that the server may hide: a session with a hidden value never matches. */
export function filtersByHidden(options: FilterOptions): boolean {
  const { client, state, backendType, idleInTransaction, queryLongerThan, olderThan } = options;
  return [client, state, backendType, idleInTransaction, queryLongerThan, olderThan].some(
    (filter) => filter !== undefined,
  );
}

/**
 * Says which columns are hidden, and which privilege shows them. With empty columns, sessions look as if they did
 * nothing; and filters match none of them.
 *
 * @param isFiltered whether they are missing from the result of a filter
 */
export function hiddenNote(hidden: number, role: string, isFiltered: boolean): string {
  const missed = isFiltered ? ', so this filter skips them' : '';
  const quoted = `"${role.replaceAll('"', '""')}"`;
  return `The activity of ${countSessions(hidden)} of other roles is hidden from ${printable(role)}${missed}. To show it: GRANT pg_read_all_stats TO ${printable(quoted)};`;
}
