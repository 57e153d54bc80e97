import type { ConnectionSettings, DatabaseAccess } from '@pg-evict/core';
import { PgEvictError, redactQuery } from '../context/engine.js';
import type { Dump, DumpedRelation } from '../dump/dump.js';
import { DumpSession } from '../script/dump-session.js';
import type { ServerMessage } from '../script/server-message.js';
import { printable } from '../terminal/printable.js';
import { dropSubscriptions } from './drop-subscriptions.js';
import { describeFate, findOldDatabase } from './old-database.js';
import { RestoreFailure, type RestoreRequest, type RestoreResult, type RestoreTarget } from './request.js';
import { restoreArchive } from './restore-archive.js';
import { restorePlain } from './restore-plain.js';
import { findMissing, listRestored } from './verify.js';

/**
 * Restores a dump into a new database, and verifies that everything is there.
 *
 * @param connection leads to the new database
 * @throws PgEvictError `UNEXPECTED` if anything fails, `CONFIG_INVALID` for a dump that is cut off or affects more than
 * one database, `ABORTED`
 */
export async function restoreDump(
  request: RestoreRequest,
  { signal }: DatabaseAccess,
  connection: ConnectionSettings,
  env: NodeJS.ProcessEnv,
): Promise<RestoreResult> {
  const { database, dump, onMessage } = request;
  const connect = async (): Promise<DumpSession> =>
    DumpSession.connect(connection, (said) => onMessage(noticeLine(dump, said))).catch(failedConnection);
  const old = await findOldDatabase(connection, database).catch((cause: unknown) => {
    const why = `Database "${database}" was not restored: ${messageOf(cause)}.`;
    throw new PgEvictError('UNEXPECTED', why, { database, cause });
  });
  const target: RestoreTarget = { connection, env, signal, old, connect };
  try {
    const { relations, skipped } =
      dump.format === 'plain' ? await restorePlain(request, target) : await restoreArchive(request, target);
    return { tables: await verify(relations, connection), skipped };
  } catch (error) {
    await dropSubscriptions(connection);
    if (error instanceof RestoreFailure) throw await explain(error, target);
    throw error;
  }
}

async function verify(relations: readonly DumpedRelation[], connection: ConnectionSettings): Promise<number> {
  // A session of its own: the dump may have changed the role of the other one.
  const restored = await listRestored(connection).catch(failedConnection);
  const missing = findMissing(relations, restored);
  if (missing !== undefined) {
    throw new RestoreFailure(
      'server',
      `no error was reported, but the restored database lacks ${missing}, which the dump lists`,
      'Check whether the dump drops the objects that it creates, or create it again.',
    );
  }
  return restored.filter(({ isTable }) => isTable).length;
}

/** The server takes no more sessions, or is not there any more. */
function failedConnection(cause: unknown): never {
  throw new RestoreFailure('server', messageOf(cause), undefined, cause);
}

function messageOf(cause: unknown): string {
  return redactQuery(cause instanceof Error ? cause.message : String(cause));
}

async function explain(
  { cause, hint, kind, message }: RestoreFailure,
  { connection, old }: RestoreTarget,
): Promise<PgEvictError> {
  const database = old.name;
  const fate = await describeFate(connection, old);
  const failed = `Database "${database}" was not restored; ${fate}`;
  if (kind === 'aborted') return new PgEvictError('ABORTED', `Aborted. ${failed}.`, { database });
  const code = kind === 'dump' ? 'CONFIG_INVALID' : 'UNEXPECTED';
  return new PgEvictError(code, `${failed}: ${message}.`, { database, hint, cause });
}

function noticeLine({ path }: Dump, { detail, message, severity }: ServerMessage): string {
  const text = detail === undefined ? message : `${message} (${detail})`;
  return printable(redactQuery(`${path}: ${severity}: ${text}`));
}
