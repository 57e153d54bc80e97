import type { Leftover } from '../contract/report.js';
import type { Operation } from '../eviction/operation.js';
import { dropAbandoned } from '../exclusive-access/drop-private-databases.js';
import { findKept, isOurs, type Kept } from './find-kept.js';

/** The outcome for databases that were kept. */
export interface DroppedKept {
  readonly dropped: readonly string[];
  /** Databases that could not be dropped, with the reason. */
  readonly left: readonly Leftover[];
}

/** Drops all kept content of the operation's database, for good. In a dry run, it only looks for it. */
export async function dropKept(operation: Operation): Promise<DroppedKept> {
  const kept = await findKept(operation.runner.client, operation.database);
  const names = droppable(kept);
  if (operation.dryRun) return { dropped: names, left: [] };
  const left = kept.flatMap((each) => {
    const reason = reasonAgainstDrop(each);
    return reason === undefined ? [] : [{ database: each.name, reason }];
  });
  const failed = await dropAbandoned(operation, names);
  const dropped = names.filter((name) => !failed.some(({ database }) => database === name));
  return { dropped, left: [...left, ...failed] };
}

/**
 * Drops content that was kept earlier, because only the latest is kept.
 *
 * @param before the content that was kept before the operation put its own aside; content that came since is later
 * @param owner the owner of the database; content of other owners is left alone
 */
export async function dropPrevious(
  operation: Operation,
  before: readonly Kept[],
  owner: string | undefined,
): Promise<Leftover[]> {
  return dropAbandoned(operation, droppable(before.filter((kept) => isOurs(kept, owner))));
}

/**
 * Drops expired content on the whole server, as long as the deadline lasts, and content that a process could not drop
 * after it had kept a later one. A database without our note may belong to someone else.
 *
 * @param except the content that the operation itself has just put aside
 */
export async function dropExpired(operation: Operation, except?: string): Promise<DroppedKept> {
  const kept = await findKept(operation.control.client);
  const dropped: string[] = [];
  const left: Leftover[] = [];
  const noted = kept.filter(({ note }) => note !== undefined);
  const over = noted.filter(
    (each, at) =>
      (each.expired || each.invalid || isFollowed(each, noted.slice(0, at))) && each.name !== except,
  );
  for (const each of droppable(over)) {
    if (operation.deadline.over) break;
    const failed = await dropAbandoned(operation, [each]);
    left.push(...failed);
    if (failed.length === 0) dropped.push(each);
  }
  return { dropped, left };
}

/** Whether one of these, all of which are later, is the content of the same database with the same owner. */
function isFollowed({ owner, tag }: Kept, later: readonly Kept[]): boolean {
  return later.some((each) => each.tag === tag && each.owner === owner && !each.invalid);
}

/** Those that the role may drop, and that are not protected. */
function droppable(kept: readonly Kept[]): string[] {
  return kept.filter((each) => reasonAgainstDrop(each) === undefined).map(({ name }) => name);
}

/** Why it cannot be dropped; `undefined` if it can. */
export function reasonAgainstDrop({ owned, owner, protected: isProtected }: Kept): string | undefined {
  if (isProtected) return 'it is protected';
  return owned ? undefined : `it belongs to role "${owner}"`;
}
