import { errorWithRemedies, PgEvictError } from '../contract/error.js';
import type { DatabaseFacts } from '../database/facts.js';
import type { Operation } from '../eviction/operation.js';
import { isOurs, type Kept } from './find-kept.js';

/**
 * The latest kept content of the operation's database that is ours, ignoring databases that others have created with
 * such names. If the database does not exist, its owner is unknown: then all kept content must have the same owner.
 *
 * @throws `DATABASE_NOT_FOUND` if nothing is kept, `REFUSED` if the kept content is not known to be ours
 */
export function chooseLatest(
  operation: Operation,
  found: readonly Kept[],
  old: DatabaseFacts | undefined,
): Kept {
  const { database, failure } = operation;
  const whole = found.filter(({ invalid }) => !invalid);
  const noted = whole.filter((kept) => kept.note !== undefined);
  const ours = noted.find((kept) => isOurs(kept, old?.owner));
  if (ours !== undefined) return ours;
  const owners = [...new Set(noted.map(({ owner }) => owner))];
  const [latest] = noted;
  if (latest !== undefined && old === undefined && owners.length === 1) return latest;
  if (latest !== undefined) throw strange(operation, latest, owners, old);
  const [changed] = whole;
  if (changed !== undefined) {
    throw new PgEvictError(
      'REFUSED',
      `${failure}: the comment of "${changed.name}", which identifies it, was changed.`,
      {
        database,
        hint: `Look into it, then rename it yourself: ALTER DATABASE "${changed.name}" ALLOW_CONNECTIONS true;`,
      },
    );
  }
  const problem = `Nothing is kept of database "${database}".`;
  throw errorWithRemedies('DATABASE_NOT_FOUND', problem, [{ kind: 'keep-for-undo' }], { database });
}

/** Databases that others may have created to pass them off as ours. */
function strange(
  { database, failure }: Operation,
  { name }: Kept,
  owners: readonly string[],
  old: DatabaseFacts | undefined,
): PgEvictError {
  const theirs = owners.map((owner) => `"${owner}"`).join(' and ');
  const problem =
    old === undefined
      ? `the content kept for it belongs to ${theirs}, and any of these roles may have created it`
      : `"${name}" belongs to ${theirs}, and "${database}" to "${old.owner}"`;
  return new PgEvictError('REFUSED', `${failure}: ${problem}.`, {
    database,
    hint: 'Run it as the role whose content you want, or rename that content yourself.',
  });
}
