import type { Target } from '../connection/target.js';
import { type Blocker, renameBlockers, replaceBlockers } from '../contract/blocker.js';
import { assertDatabaseName, assertNameToKeep } from '../contract/database-name.js';
import { PgEvictError } from '../contract/error.js';
import {
  assertOptions,
  operationOptions,
  type OperationOptions,
  undoOptions,
  type UndoOptions,
} from '../contract/options.js';
import type { Leftover, NotCarriedOver, OperationReport } from '../contract/report.js';
import { createStatement, type CreateStatement } from '../database/create-statement.js';
import { type DatabaseFacts, findDatabase, inspect, type Inspection } from '../database/facts.js';
import type { Operation, OperationOutcome } from '../eviction/operation.js';
import { findStandbys } from '../eviction/find-standbys.js';
import { type Plan, preflight } from '../eviction/preflight.js';
import { type RemedyOptions, removeBlockers } from '../eviction/remove-blockers.js';
import { runExclusively } from '../eviction/run-exclusively.js';
import type { DatabaseAccess } from '../exclusive-access/access.js';
import { dropPrivateDatabases, privateName } from '../exclusive-access/private-databases.js';
import { assertTemplateIsElsewhere } from '../guards/built-in.js';
import { unlessPlaceholder } from '../guards/placeholder.js';
import {
  assertOwner,
  requireAbsent,
  requireCopyable,
  requireCreatedb,
  requireOwnership,
  requireSameCollations,
  createTemplate,
  requireUnprotected,
} from '../guards/preconditions.js';
import { isBuiltIn } from '../text/identifier.js';
import { refuseProtectedByNow, unlessProtected } from '../guards/protection-label.js';
import { renameStatement } from '../text/quote.js';
import { dropPrevious } from '../undo/drop-kept.js';
import { prepareKeeping } from '../undo/keep.js';
import { type KeepPlan, planKeeping } from '../undo/plan-keeping.js';
import { type Restrictions, restrictionsOf } from './access-restrictions.js';
import { createSuccessor } from './create-successor.js';
import { SuccessorFill } from './fill-successor.js';
import { type RefreshedSettings, refreshSettings } from './refresh-settings.js';
import { withOperation } from './with-operation.js';

/** Options of {@link recreateDatabase}. */
export interface RecreateDatabaseOptions
  extends OperationOptions, UndoOptions, Omit<RemedyOptions, 'unsetTemplate'> {
  /**
   * Creates the database when it does not exist.
   * @default false: rejects with `DATABASE_NOT_FOUND`
   */
  readonly ifNotExists?: boolean | undefined;
  /**
   * The database to copy; other sessions on it are ended, as PostgreSQL copies only a database nobody is on.
   * @default 'template1', or 'template0' where encoding or locale differ from template1's
   */
  readonly template?: string | undefined;
  /** @default the owner of the old database, or of a new one the current role */
  readonly owner?: string | undefined;
  /**
   * Carries owner, encoding, locale, tablespace, privileges, ALTER DATABASE SET, connection limit and comment over to
   * the new database. What the role may not carry over is in the report.
   * @default true
   */
  readonly keepSettings?: boolean | undefined;
  /**
   * Fills the new database before it takes the old one's place: migrations, seeds, a restore. It has a private name by
   * then, and the old database is in use as ever. Sessions that are left on it are ended. What is thrown here is thrown,
   * and the old database stays. The time spent here does not count towards the deadline. If our own connections are lost
   * meanwhile, the operation goes on with new ones; should another operation have dropped the new database by then, taking
   * this one for dead, `signal` fires.
   * @default none: the new database is empty
   */
  readonly fill?: ((access: DatabaseAccess) => Promise<void> | void) | undefined;
  /**
   * Keeps the old database under this name instead of dropping it, with all its settings. As nothing is dropped,
   * replication slots and subscriptions stay with it and do not block.
   * @default none: the old database is dropped
   */
  readonly keepOldAs?: string | undefined;
}

/**
 * Replaces a database by a new, empty one (or a copy of a template), ending the other sessions. Atomic: the new
 * database is made beside the old one under a private name, both are renamed in one transaction, then the old one is
 * dropped, or kept under another name. The name is never missing, and whatever fails, the old database is still there
 * under it.
 *
 * A client that was queued behind the swap is refused once, with 3D000: PostgreSQL checks the name again when the
 * lock goes. Its next attempt finds the new database.
 *
 * Databases that an earlier run left aside because it was killed are dropped on the way.
 *
 * Needs ownership of the database and CREATEDB, and for sessions of other roles `pg_signal_backend`.
 *
 * @throws {@link PgEvictError} `PROTECTED`, `REFUSED`, `DATABASE_NOT_FOUND`, `DATABASE_EXISTS` (`keepOldAs`),
 * `PERMISSION_DENIED`, `BLOCKED`, `SESSIONS_REMAIN`, `CONNECTION_FAILED`, `CONFIG_INVALID`, `TIMEOUT`, `ABORTED`,
 * `UNEXPECTED` (such as disk full)
 */
export async function recreateDatabase(
  target: Target,
  options: RecreateDatabaseOptions = {},
): Promise<OperationReport> {
  assertOptions('recreateDatabase', options, {
    ...operationOptions,
    ...undoOptions,
    rollbackPrepared: true,
    dropSlots: true,
    dropSubscriptions: true,
    ifNotExists: true,
    template: true,
    owner: true,
    keepSettings: true,
    fill: true,
    keepOldAs: true,
  });
  const { template, fill, keepOldAs } = options;
  if (template !== undefined) assertDatabaseName(template, 'template name');
  if (keepOldAs !== undefined) {
    assertNameToKeep(keepOldAs);
    assertKeptOnce(options);
  }
  const request = {
    command: 'recreate' as const,
    target,
    options,
    others: [...copiedFrom(template), ...(keepOldAs === undefined ? [] : [keepOldAs])],
    failure: (database: string) => `Database "${database}" was not recreated and stays as it was`,
  };
  const filling = fill === undefined ? undefined : new SuccessorFill(fill, target);
  const recreating = withOperation(request, async (operation) => {
    const plan = await planRecreation(operation, options);
    await operation.step('checked');
    if (operation.dryRun) return plan.report;
    try {
      const refused = await createSuccessor(operation, plan.successor, plan.statement, plan.like);
      const swapped =
        filling === undefined
          ? await swapIn(operation, plan)
          : await filling.fill(operation, plan.successor, async (live) => {
              // Filling may have taken hours.
              await refuseProtectedByNow(live.control.client, [live.database]);
              return swapIn(live, plan, await refreshed(live, plan));
            });
      const notCarriedOver = [...refused, ...swapped.notCarriedOver];
      const { kept, leftovers, notKept } = swapped;
      const { removed } = plan.report;
      const standbys = kept === null ? plan.standbys : [];
      return { changed: true, ...plan.fate, notCarriedOver, removed, leftovers, kept, notKept, standbys };
    } catch (error) {
      // Once it has taken the old one's place, there is none of that name.
      if (filling === undefined)
        operation.leftovers.push(...(await dropPrivateDatabases(operation, [plan.successor])));
      else await filling.giveUp(operation, plan.successor);
      throw error;
    }
  });
  return filling === undefined ? recreating : filling.rethrow(recreating);
}

/** What is to be done, decided before anything is touched. */
interface Recreation {
  /** The private name of the new database. */
  readonly successor: string;
  readonly statement: CreateStatement;
  /** The old database, where its settings are carried over. */
  readonly model: DatabaseFacts | undefined;
  /** The database whose settings the new one takes over. */
  readonly like: DatabaseFacts | undefined;
  /** What of them is put around it once it is filled. */
  readonly restrictions: Restrictions | undefined;
  /** Whether there is an old database. */
  readonly replaces: boolean;
  readonly keepOldAs: string | undefined;
  readonly keeping: KeepPlan;
  readonly toRemove: readonly Blocker[];
  /** Who ends sessions of his own when the old database is dropped. */
  readonly standbys: OperationReport['standbys'];
  /** What becomes of the names, for the report. */
  readonly fate: Pick<OperationReport, 'created' | 'keptAs'>;
  /** The report of a dry run. */
  readonly report: Plan['report'] & OperationOutcome & Pick<OperationReport, 'notKept' | 'standbys'>;
}

/** @throws `CONFIG_INVALID` */
function assertKeptOnce({ undoMs, keepOldAs }: RecreateDatabaseOptions): void {
  if (undoMs === undefined) return;
  throw new PgEvictError('CONFIG_INVALID', 'The old database cannot be kept twice: keepOldAs and undoMs.', {
    hint: `Leave one of them out: keepOldAs keeps it as "${keepOldAs ?? ''}" for good, undoMs for a time.`,
  });
}

const copiedFrom = (template: string | undefined): string[] =>
  template === undefined || isBuiltIn(template) ? [] : [template];

/** Finds, before anything is touched, how the new database is to be made and what would keep it from the old one's place. */
async function planRecreation(operation: Operation, options: RecreateDatabaseOptions): Promise<Recreation> {
  const { database, maintenanceDatabase } = operation;
  const { template, owner, keepOldAs } = options;
  if (template !== undefined) assertTemplateIsElsewhere(template, maintenanceDatabase);
  const { inspection, old } = await requirements(operation, options);
  const model = options.keepSettings === false ? undefined : old;
  const restrictions = options.fill === undefined || model === undefined ? undefined : restrictionsOf(model);
  const like = restrictions?.open ?? model;
  const successor = privateName(operation, 'new');
  const statement = createStatement(inspection, { name: successor, template, owner, like });
  await requireSameCollations(operation.runner.client, statement.template, operation.failure);
  const needs = [
    { databases: [database], blockedBy: keepOldAs === undefined ? replaceBlockers : renameBlockers },
    { databases: copiedFrom(template), blockedBy: renameBlockers },
  ];
  const { toRemove, report } = await preflight(operation, needs, options);
  const keeping = await planKeeping(operation, old, options);
  const { notKept } = keeping;
  const standbys = await standbysOf(operation, old, options);
  const kept = operation.dryRun ? ((await prepareKeeping(operation, keeping)).place?.kept ?? null) : null;
  const fate = {
    ...(old === undefined ? { created: true as const } : {}),
    ...(old === undefined || keepOldAs === undefined ? {} : { keptAs: keepOldAs }),
  };
  return {
    successor,
    statement,
    model,
    like,
    restrictions,
    replaces: old !== undefined,
    keepOldAs,
    keeping,
    toRemove,
    standbys,
    fate,
    report: {
      ...report,
      ...fate,
      notCarriedOver: statement.notCarriedOver,
      kept,
      notKept,
      standbys: kept === null ? standbys : [],
    },
  };
}

/** The standbys that replay the drop of the old database, if it is dropped. */
async function standbysOf(
  { control }: Operation,
  old: DatabaseFacts | undefined,
  { keepOldAs }: RecreateDatabaseOptions,
): Promise<OperationReport['standbys']> {
  return old === undefined || keepOldAs !== undefined ? [] : findStandbys(control.client);
}

/** Looks whether the databases are as they have to be and the role may do what it is to do. */
async function requirements(
  { database, failure, runner }: Operation,
  { template, owner, ifNotExists = false, keepOldAs }: RecreateDatabaseOptions,
): Promise<{ inspection: Inspection; old: DatabaseFacts | undefined }> {
  const names = [database, 'template0', 'template1', template, keepOldAs].filter(
    (name) => name !== undefined,
  );
  const inspection = await inspect(runner.client, names, template ?? 'template1');
  const source =
    template === undefined ? undefined : requireUnprotected(inspection, template, createTemplate);
  const missing = findDatabase(inspection, database) === undefined;
  const old =
    missing && ifNotExists ? undefined : requireUnprotected(inspection, database, { kind: 'allow-missing' });
  if (keepOldAs !== undefined)
    requireAbsent(inspection, keepOldAs, {
      kind: 'advice',
      text: 'Keep the old database under another name.',
    });
  requireCreatedb(inspection, database, failure);
  if (source !== undefined) requireCopyable(inspection, source, failure);
  if (old !== undefined) requireOwnership(inspection, old, failure);
  await assertOwner(runner.client, inspection, owner, { database, failure });
  return { inspection, old };
}

/** Gives a new database that was filled what was changed on the old one meanwhile. */
async function refreshed(
  operation: Operation,
  { model, statement, successor }: Recreation,
): Promise<RefreshedSettings | undefined> {
  return model === undefined ? undefined : refreshSettings(operation, successor, model, statement.owner);
}

interface Swapped extends Pick<OperationReport, 'kept' | 'notKept'> {
  readonly notCarriedOver: readonly NotCarriedOver[];
  readonly leftovers: Leftover[];
}

/** Puts the new database in the old one's place and drops that, or keeps it under its other name. */
async function swapIn(
  operation: Operation,
  { keepOldAs, keeping, replaces, restrictions: planned, statement, successor, toRemove }: Recreation,
  changed?: RefreshedSettings,
): Promise<Swapped> {
  const notCarriedOver = await fence(operation, successor, {
    restrictions: planned,
    owner: statement.owner,
    ...changed,
  });
  await removeBlockers(operation, toRemove);
  const { notKept, place } = await prepareKeeping(operation, keeping);
  const aside = place?.name ?? keepOldAs;
  const predecessor = replaces ? (aside ?? privateName(operation, 'old')) : undefined;
  await rename(operation, successor, predecessor, place?.statements);
  // The recreate has happened; what fails from here on is untidy, not undone.
  let leftovers: Leftover[] = [];
  try {
    await operation.step('swapped');
  } finally {
    if (predecessor !== undefined && aside === undefined)
      leftovers = await dropPrivateDatabases(operation, [predecessor]);
    // Only the last one is kept.
    else if (place !== undefined) leftovers = await dropPrevious(operation, place.before, keeping.owner);
  }
  if (aside === undefined) await operation.step('dropped');
  return { notCarriedOver, leftovers, kept: place?.kept ?? null, notKept };
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
      : [
          renameStatement(database, predecessor),
          ...taken,
          unlessPlaceholder(predecessor),
          unlessProtected(predecessor),
        ];
  await runExclusively(operation, {
    sql: [...both, ...more].join('; '),
    databases: predecessor === undefined ? [successor] : [database, successor],
    sessions: 'end',
    blockedBy: renameBlockers,
  });
}
