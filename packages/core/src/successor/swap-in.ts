import { renameBlockers } from '../contract/blocker.js';
import type { Leftover, NotCarriedOver } from '../contract/report.js';
import type { Operation } from '../eviction/operation.js';
import { removeBlockers } from '../eviction/remove-blockers.js';
import { runExclusively } from '../eviction/run-exclusively.js';
import { dropPrivateDatabases } from '../exclusive-access/drop-private-databases.js';
import { privateName } from '../exclusive-access/private-databases.js';
import { unlessGuarded } from '../guards/unless-guarded.js';
import { renameStatement } from '../text/quote.js';
import { dropPrevious } from '../undo/drop-kept.js';
import type { Restrictions } from './access-restrictions.js';
import type { Replaced } from './look-at-replaced.js';
import type { Recreation } from './plan-recreation.js';
import type { RefreshedSettings } from './refresh-settings.js';

/** The result of a swap. */
export interface Swapped {
  readonly notCarriedOver: readonly NotCarriedOver[];
  readonly leftovers: Leftover[];
}

/** Swaps the new database in for the old one and drops that, or keeps it under its other name. */
export async function swapIn(
  operation: Operation,
  { keepOldAs, old, restrictions: planned, statement, successor, toRemove }: Recreation,
  { before, place }: Pick<Replaced, 'before' | 'place'>,
  changed?: RefreshedSettings,
): Promise<Swapped> {
  const notCarriedOver = await fence(operation, successor, {
    restrictions: planned,
    owner: statement.owner,
    ...changed,
  });
  await removeBlockers(operation, toRemove);
  const aside = place?.name ?? keepOldAs;
  const predecessor = old === undefined ? undefined : (aside ?? privateName(operation, 'old'));
  await rename(operation, successor, predecessor, place?.statements);
  // The database has been recreated; a failure from here on leaves something to clean up, but undoes nothing.
  let leftovers: Leftover[] = [];
  try {
    await operation.step('swapped');
  } finally {
    if (predecessor !== undefined && aside === undefined)
      leftovers = await dropPrivateDatabases(operation, [predecessor]);
    // Only the last one is kept.
    else if (place !== undefined) leftovers = await dropPrevious(operation, before, old?.owner);
  }
  if (aside === undefined) await operation.step('dropped');
  return { notCarriedOver, leftovers };
}

interface Fence {
  readonly owner: string;
  readonly restrictions: Restrictions | undefined;
  readonly notCarriedOver?: readonly NotCarriedOver[];
}

/** Restricts the new database as the old one is; returns what could not be carried over. */
async function fence(
  operation: Operation,
  successor: string,
  { notCarriedOver = [], owner, restrictions }: Fence,
): Promise<NotCarriedOver[]> {
  return [...notCarriedOver, ...((await restrictions?.close(operation, successor, owner)) ?? [])];
}

/** Gives the new database the old one's name, and that one another, in one transaction. */
async function rename(
  operation: Operation,
  successor: string,
  predecessor: string | undefined,
  more: readonly string[] = [],
): Promise<void> {
  const { database } = operation;
  const taken = [renameStatement(successor, database)];
  const both =
    predecessor === undefined
      ? taken
      : [renameStatement(database, predecessor), ...taken, unlessGuarded(predecessor)];
  await runExclusively(operation, {
    sql: [...both, ...more].join('; '),
    databases: predecessor === undefined ? [successor] : [database, successor],
    sessions: 'end',
    renames: true,
    blockedBy: renameBlockers,
  });
}
