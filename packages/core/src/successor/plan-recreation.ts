import { type Blocker, renameBlockers, replaceBlockers } from '../contract/blocker.js';
import type { OperationReport } from '../contract/report.js';
import { createStatement, type CreateStatement } from '../database/create-statement.js';
import { type DatabaseFacts, findDatabase, inspect, type Inspection } from '../database/facts.js';
import type { Operation, OperationOutcome } from '../eviction/operation.js';
import { type Plan, preflight } from '../eviction/preflight.js';
import { privateName } from '../exclusive-access/private-databases.js';
import { assertTemplateIsElsewhere } from '../guards/built-in.js';
import {
  assertOwner,
  createTemplate,
  requireAbsent,
  requireCopyable,
  requireCreatedb,
  requireOwnership,
  requireSameCollations,
  requireUnprotected,
} from '../guards/preconditions.js';
import { isBuiltIn } from '../text/identifier.js';
import { type Restrictions, restrictionsOf } from './access-restrictions.js';
import type { RecreateDatabaseOptions } from './recreate-options.js';

/** The plan, made before anything is changed. */
export interface Recreation {
  /** The private name of the new database. */
  readonly successor: string;
  readonly statement: CreateStatement;
  /** The old database, if its settings are carried over. */
  readonly model: DatabaseFacts | undefined;
  /** The database whose settings the new one takes over. */
  readonly like: DatabaseFacts | undefined;
  /** The restrictions that are put on it once it is filled. */
  readonly restrictions: Restrictions | undefined;
  /** The old database, if there is one. */
  readonly old: DatabaseFacts | undefined;
  readonly keepOldAs: string | undefined;
  readonly toRemove: readonly Blocker[];
  /** The names before and after, for the report. */
  readonly fate: Pick<OperationReport, 'created' | 'keptAs'>;
  /** The report of a dry run, except for the fate of the old content. */
  readonly report: Plan['report'] & OperationOutcome;
}

/** The database that is copied, if it is a user's. */
export const copiedFrom = (template: string | undefined): string[] =>
  template === undefined || isBuiltIn(template) ? [] : [template];

/** Plans, before anything is changed, how to make the new database, and finds the obstacles to swapping it in. */
export async function planRecreation(
  operation: Operation,
  options: RecreateDatabaseOptions,
): Promise<Recreation> {
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
    old,
    keepOldAs,
    toRemove,
    fate,
    report: { ...report, ...fate, notCarriedOver: statement.notCarriedOver },
  };
}

/** Checks whether the databases are in the required state and the role has the required privileges. */
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
