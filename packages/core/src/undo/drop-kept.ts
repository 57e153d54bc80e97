import type { Leftover } from '../contract/report.js';
import type { Operation } from '../eviction/operation.js';
import { dropPrivateDatabases } from '../exclusive-access/private-databases.js';
import { readProtection } from '../guards/protection-label.js';
import { findKept, type Kept } from './find-kept.js';

/**
 * Drops what was kept of the operation's database.
 *
 * @param except what the operation itself has just put aside
 * @returns what could not be dropped, with the reason
 */
export async function dropKept(operation: Operation, except?: string): Promise<Leftover[]> {
  const kept = await findKept(operation.control.client, operation.database);
  return dropPrivateDatabases(operation, ours(kept.filter(({ name }) => name !== except)));
}

/** What became of databases whose time was over. */
export interface DroppedExpired {
  readonly dropped: readonly string[];
  readonly left: readonly Leftover[];
}

/** Drops what has expired on the whole server, as long as the deadline lasts. */
export async function dropExpired(operation: Operation): Promise<DroppedExpired> {
  const kept = await findKept(operation.control.client);
  const dropped: string[] = [];
  const left: Leftover[] = [];
  for (const each of ours(kept.filter(({ expired, invalid }) => expired || invalid))) {
    if (operation.deadline.over) break;
    const failed = await dropPrivateDatabases(operation, [each]);
    left.push(...failed);
    if (failed.length === 0) dropped.push(each);
  }
  return { dropped, left };
}

/** Those that the role may drop, and that nobody has protected. */
function ours(kept: readonly Kept[]): string[] {
  return kept
    .filter(({ owned, comment }) => owned && readProtection(comment).reason === null)
    .map(({ name }) => name);
}
