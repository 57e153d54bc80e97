import type {
  AbandonedLeftover,
  ConnectionFacts,
  DatabaseDescription,
  Diagnosis,
  KeptDatabase,
} from '@pg-evict/core';
import type { PausedPoolerAlias } from '@pg-evict/core/internal';
import type { CommandContext } from '../context/command-context.js';
import {
  describeDatabase,
  diagnose,
  examineConnection,
  findPausedAliases,
  findKeptDatabases,
  findLeftovers,
  isPgEvictError,
} from '../context/engine.js';

/** Everything that was found out. */
export interface Examination {
  readonly connection: ConnectionFacts;
  /** `undefined` if the connection names no database. */
  readonly description: DatabaseDescription | undefined;
  /** `undefined` if there is no such database. */
  readonly diagnosis: Diagnosis | undefined;
  readonly leftovers: readonly AbandonedLeftover[];
  /** Content that is kept for an undo, of every database. */
  readonly kept: readonly KeptDatabase[];
  /** The aliases of the given poolers that lead to the database and are paused. */
  readonly paused: readonly PausedPoolerAlias[];
}

/** Examines everything. Throws if something cannot be reached. */
export async function examine({ deadline, ending, target }: CommandContext): Promise<Examination> {
  const connection = await examineConnection(target, deadline);
  const leftovers = await findLeftovers(serverOnly(target), deadline);
  const kept = await findKeptDatabases(serverOnly(target), deadline);
  if (target.database === undefined) {
    return { connection, description: undefined, diagnosis: undefined, leftovers, kept, paused: [] };
  }
  const paused = await findPausedAliases(target, deadline);
  const description = await describeDatabase(target, deadline);
  // An operation may have renamed it: then it can be diagnosed under its other name.
  const diagnosis = await diagnose(target, { ...deadline, keep: ending.keep }).catch((error: unknown) => {
    if (isPgEvictError(error) && error.code === 'DATABASE_NOT_FOUND') return undefined;
    throw error;
  });
  return { connection, description, diagnosis, leftovers, kept, paused };
}

/** A target for questions about a server that concern no database of it. */
function serverOnly(target: CommandContext['target']): CommandContext['target'] {
  return { ...target, database: target.database ?? 'postgres' };
}
