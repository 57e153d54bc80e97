import { withMaintenanceConnections } from '../connection/maintenance.js';
import { resolveTarget, type Target } from '../connection/target.js';
import { assertDatabaseName } from '../contract/database-name.js';
import { deadlineOf, type DeadlineOptions } from '../contract/deadline.js';
import { databaseNotFound, PgEvictError } from '../contract/error.js';
import { isConnectionLost, isOutcomeUnknown, translateError } from '../contract/server-error.js';
import { databaseComments, findDatabase, inspect } from '../database/facts.js';
import { whyMissing } from '../database/set-aside.js';
import { boundLockWait, runWithinDeadline } from '../eviction/run-within-deadline.js';
import { heldError, isPlaceholder } from '../guards/placeholder.js';
import { requireOwnership } from '../guards/preconditions.js';
import { readProtection, writeProtection } from '../guards/protection-label.js';
import { quoteIdentifier, quoteLiteral } from '../text/quote.js';

/** The result of {@link protectDatabase} and {@link unprotectDatabase}. */
export interface ProtectionReport {
  readonly database: string;
  readonly protected: boolean;
  /** The reason given; `null` if the database is not protected. */
  readonly reason: string | null;
  /** `false` if it already was so. */
  readonly changed: boolean;
}

/**
 * Puts a protection label on a database, on the server itself: from then on, pg-evict refuses to work on it, from every
 * machine, before it terminates any session. The label stands at the end of the database's comment.
 *
 * Needs ownership of the database.
 *
 * @param reason shown in the refusal; no brackets or line breaks (they become spaces). Without one, the reason of an
 * existing label stays.
 * @throws {@link PgEvictError} `DATABASE_NOT_FOUND`, `PERMISSION_DENIED`, `BLOCKED`, `CONNECTION_FAILED`,
 * `CONFIG_INVALID`, `TIMEOUT`, `ABORTED`
 */
export async function protectDatabase(
  target: Target,
  reason?: string,
  options: DeadlineOptions = {},
): Promise<ProtectionReport> {
  return setLabel(target, reason, options);
}

/** Removes the protection label from a database. Needs ownership of it. Errors as {@link protectDatabase}. */
export async function unprotectDatabase(
  target: Target,
  options: DeadlineOptions = {},
): Promise<ProtectionReport> {
  return setLabel(target, null, options);
}

async function setLabel(
  target: Target,
  reason: string | null | undefined,
  options: DeadlineOptions,
): Promise<ProtectionReport> {
  const resolved = resolveTarget(target);
  const { database } = resolved;
  assertDatabaseName(database);
  assertReason(reason, database);
  const failure = `The protection of database "${database}" was not changed`;
  const deadline = deadlineOf(options);
  return withMaintenanceConnections(resolved, deadline, 2, async ([runner, control], maintenanceDatabase) => {
    const { client } = runner;
    try {
      const inspection = await inspect(client, [database]);
      const facts = findDatabase(inspection, database);
      if (facts === undefined) throw await whyMissing(client, database);
      if (isPlaceholder(facts.comment)) throw heldError(database, 'The protection was not changed');
      const before = readProtection(facts.comment);
      const comment =
        reason === null ? before.comment : writeProtection(before.comment, reason ?? before.reason ?? '');
      const after = readProtection(comment);
      if (comment !== facts.comment) {
        requireOwnership(inspection, facts, failure);
        await boundLockWait(runner, deadline);
        await runWithinDeadline(
          { control, database, deadline, failure, maintenanceDatabase, runner, settings: resolved.settings },
          runner,
          `COMMENT ON DATABASE ${quoteIdentifier(database)} IS ${comment === null ? 'NULL' : quoteLiteral(comment)}`,
        );
        // If the database is gone meanwhile, COMMENT only warns (`CommentObject()`, src/backend/commands/comment.c).
        const [found] = await databaseComments(client, [database]);
        if (found === undefined) throw databaseNotFound(database);
      }
      return {
        database,
        protected: after.reason !== null,
        reason: after.reason,
        changed: comment !== facts.comment,
      };
    } catch (error) {
      const isUnknown = isOutcomeUnknown(error) && isConnectionLost(error);
      const unknown = `It is not known whether the protection of database "${database}" was changed`;
      throw translateError(error, isUnknown ? unknown : failure, { database });
    }
  });
}

/** Callers in JavaScript pass other values too: options, in the place of the reason. */
function assertReason(reason: unknown, database: string): void {
  if (reason === undefined || reason === null || typeof reason === 'string') return;
  throw new PgEvictError('CONFIG_INVALID', 'The reason of a protection is not a string.', {
    database,
    hint: 'protectDatabase takes the target, the reason, and then the options.',
  });
}
