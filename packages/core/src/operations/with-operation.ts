import { withMaintenanceConnections } from '../connection/maintenance.js';
import { refuseTransactionPooling } from '../connection/pooler.js';
import { resolveTarget, type Target } from '../connection/target.js';
import { deadlineOf } from '../contract/deadline.js';
import { errorWithRemedies, type PgEvictError, withAnotherRemedy, withFacts } from '../contract/error.js';
import { commandOf } from '../contract/command.js';
import {
  assertUndoOptions,
  assertWaits,
  type OperationOptions,
  type UndoOptions,
} from '../contract/options.js';
import type { Leftover, OperationReport } from '../contract/report.js';
import { sqlStateOf, translateError } from '../contract/server-error.js';
import type { Session } from '../contract/session.js';
import { findSetAside, missingDatabase } from '../database/set-aside.js';
import { Drain } from '../eviction/drain.js';
import { prepareEviction } from '../eviction/evict-sessions.js';
import { type Operation, type OperationOutcome, wakeChannel } from '../eviction/operation.js';
import { untilToldHaveEnded } from '../eviction/told-to-end.js';
import { recoverAbandoned } from '../exclusive-access/recover-abandoned.js';
import { dropExpired, reasonAgainstDrop } from '../undo/drop-kept.js';
import { findKept, isOurs } from '../undo/find-kept.js';
import { assertNotGuarded } from '../guards/built-in.js';
import { PoolerPauses } from '../poolers/pooler-pauses.js';

/** How long sessions that may not be terminated are waited for if the caller has not set a grace. */
const patienceMs = 2000;

/** The request: the operation and its target. */
export interface OperationRequest {
  readonly command: OperationReport['command'];
  readonly target: Target;
  readonly options: OperationOptions & UndoOptions;
  /** Other databases that it concerns, beside the target's. */
  readonly others?: readonly string[];
  /** {@link Operation.failure}, for a database of this name. */
  readonly failure: (database: string) => string;
}

/**
 * Runs `callback` with two connections to the maintenance database, and closes them in every case. Guards come
 * before any connection is made.
 */
export async function withOperation(
  { command, target, options, others = [], failure }: OperationRequest,
  callback: (operation: Operation) => Promise<OperationOutcome>,
): Promise<OperationReport> {
  const startedAt = performance.now();
  const deadline = deadlineOf(options);
  assertWaits(options);
  assertUndoOptions(options);
  const resolved = resolveTarget(target);
  for (const name of [resolved.database, ...others]) assertNotGuarded(name, resolved);
  deadline.throwIfOver(resolved.database, 'Nothing was changed.');
  const drain = (options.drainMs ?? 0) > 0 ? new Drain(options.drainMs ?? 0) : undefined;
  const poolers = new PoolerPauses(resolved.poolers);
  const operating = withMaintenanceConnections(
    resolved,
    deadline,
    2,
    async ([runner, control], maintenanceDatabase) => {
      await poolers.look(options.dryRun ?? false);
      await refuseTransactionPooling(resolved.database, [runner, control]);
      const terminated = new Map<string, Session>();
      let thrownByListener: { readonly error: unknown } | undefined;
      const operation: Operation = {
        command,
        database: resolved.database,
        failure: failure(resolved.database),
        settings: resolved.settings,
        maintenanceDatabase,
        deadline,
        runner,
        control,
        terminated,
        removed: [],
        leftovers: [],
        dryRun: options.dryRun ?? false,
        keep: options.keep ?? [],
        poolers,
        graceMs: options.graceMs ?? 0,
        patienceMs: options.graceMs === undefined || options.graceMs === 0 ? patienceMs : options.graceMs,
        drain,
        recovered: false,
        step: async (step) => {
          try {
            await options.onStep?.(step);
          } catch (error) {
            thrownByListener = { error };
            throw error;
          }
        },
      };
      // Control gets ready while the runner looks. If that fails, the first sweep fails in the same way.
      const preparing = prepareEviction(control.client, runner.pid).catch(() => undefined);
      let outcome: OperationOutcome;
      try {
        outcome = await begin(operation, others, callback);
        if (commandOf(options) !== undefined) outcome = await tidied(operation, outcome);
        if (operation.dryRun) await poolers.preview(control.client, [resolved.database, ...others]);
      } catch (error) {
        // An exception of a listener is passed on untranslated.
        if (thrownByListener?.error === error) throw error;
        throw await foundElsewhere(await failureOf(error, operation), operation);
      } finally {
        await preparing;
      }
      return reportOf(operation, outcome, Math.round(performance.now() - startedAt));
    },
  );
  return operating.finally(() => {
    poolers.end();
  });
}

/** Drops expired content on the server. The operation has succeeded; a failure from here on does not change that. */
async function tidied(operation: Operation, outcome: OperationOutcome): Promise<OperationOutcome> {
  if (operation.dryRun) return outcome;
  const { left } = await dropExpired(operation, outcome.kept?.database).catch(() => ({ left: [] }));
  return { ...outcome, leftovers: [...(outcome.leftovers ?? []), ...left] };
}

function reportOf(
  { command, database, drain, dryRun, poolers, terminated }: Operation,
  outcome: OperationOutcome,
  durationMs: number,
): OperationReport {
  return {
    command,
    database,
    terminated: [...terminated.values()],
    drained: drain?.drained ?? [],
    cut: drain?.cut ?? [],
    denied: [],
    blockers: [],
    removed: [],
    notCarriedOver: [],
    leftovers: [],
    standbys: [],
    kept: null,
    notKept: null,
    ...outcome,
    poolers: poolers.reports(),
    durationMs,
    dryRun,
  };
}

/**
 * Adds the present name of a database that was not found: another operation may have renamed it, and a pooler has its
 * own names for databases, which the server does not know.
 */
async function foundElsewhere(
  error: PgEvictError,
  { control, database, poolers }: Operation,
): Promise<PgEvictError> {
  if (error.code !== 'DATABASE_NOT_FOUND' || error.database !== database) return error;
  const { cause, leftovers, removed, terminated } = error;
  const losses = { cause, leftovers, removed, terminated };
  try {
    const setAside = await findSetAside(control.client, database);
    if (setAside !== undefined) return withFacts(missingDatabase(database, setAside), losses);
    const there = await control.client.query('SELECT FROM pg_database WHERE datname = $1', [database]);
    if (error.sqlState === '3D000' && there.rows.length === 0)
      return withFacts(goneMeanwhile(database), losses);
    const found = there.rows.length === 0 ? await findKept(control.client, database) : [];
    const kept = found.find((each) => isOurs(each, undefined) && reasonAgainstDrop(each) === undefined);
    if (kept !== undefined) return withAnotherRemedy(error, { kind: 'advice', text: keptAs(kept.name) });
  } catch {
    // The facts known so far are reported.
  }
  const leadsTo = await poolers.leadsTo(database);
  return leadsTo === undefined
    ? error
    : withAnotherRemedy(error, { kind: 'name-behind-pooler', database, leadsTo });
}

const keptAs = (name: string): string => `Content of it is kept as "${name}": undo puts it back.`;

/** The error for a database that has disappeared since the operation began. */
function goneMeanwhile(database: string): PgEvictError {
  const text = 'It was renamed or dropped meanwhile.';
  return errorWithRemedies(
    'DATABASE_NOT_FOUND',
    `Database "${database}" does not exist any more.`,
    [{ kind: 'advice', text }],
    { database, sqlState: '3D000' },
  );
}

async function failureOf(error: unknown, operation: Operation): Promise<PgEvictError> {
  const { command, database, failure } = operation;
  // If not even LISTEN is possible, nothing has begun.
  const summary = sqlStateOf(error) === '25006' ? failure : `Database "${database}": ${command} failed`;
  return withLosses(translateError(error, summary, { database }), operation);
}

/**
 * An error also carries the cost so far: the sessions that were terminated, those that were signalled and remain, and
 * the databases that are left aside.
 */
async function withLosses(error: PgEvictError, operation: Operation): Promise<PgEvictError> {
  const { leftovers, removed } = operation;
  const { ended, remaining, seen } = await untilToldHaveEnded(operation);
  // A failure to give a database back brings its own.
  const losses = {
    terminated: [...new Set([...ended, ...error.terminated])],
    removed: [...new Set([...removed, ...error.removed])],
    leftovers: [...new Set([...leftovers, ...error.leftovers])],
  };
  const named = new Set(error.blockers.map(({ name }) => name));
  const unnamed = remaining.map(({ pid }) => String(pid)).filter((pid) => !named.has(pid));
  const also = [
    ...(unnamed.length === 0 ? [] : [` Told to terminate, and still there: ${unnamed.join(', ')}.`]),
    ...(seen ? [] : [' Whether the sessions that were told to terminate have ended could not be checked.']),
    ...leftovers.map(
      (left) =>
        ` "${left.database}" could not be dropped and is left aside, to be dropped by the next operation on "${operation.database}": ${left.reason}`,
    ),
  ].join('');
  const costNothing = Object.values(losses).every(({ length }) => length === 0);
  return also === '' && costNothing ? error : withFacts(error, { ...losses, also });
}

/**
 * Begins an operation and runs it. Earlier leftovers are repaired first: one of them may be the very database that is
 * needed.
 */
async function begin(
  operation: Operation,
  others: readonly string[],
  callback: (operation: Operation) => Promise<OperationOutcome>,
): Promise<OperationOutcome> {
  await operation.runner.client.query(`LISTEN ${wakeChannel(operation.runner.pid)}`);
  await operation.step('connected');
  const leftovers: Leftover[] = [];
  for (const database of operation.dryRun ? [] : [operation.database, ...others]) {
    // Sessions on a dead holder's database get no grace, so the operation's own is not spent on them.
    const { found, left } = await recoverAbandoned({ ...operation, database, graceMs: 0, drain: undefined });
    operation.recovered ||= found;
    leftovers.push(...left);
  }
  const outcome = await callback(operation);
  return { ...outcome, leftovers: [...leftovers, ...(outcome.leftovers ?? [])] };
}
