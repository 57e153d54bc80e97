import { resolve } from 'node:path';
import { Transform, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { DatabaseAccess } from '@pg-evict/core';
import { runProgram } from '../child/run-program.js';
import { listRelations, PgEvictError } from '../context/engine.js';
import type { Dump, DumpedRelation } from './dump.js';
import { hintFor } from './hints.js';
import { PlainDump } from './plain-dump.js';
import { openDump } from './recognize-dump.js';
import { findMissing } from './verify.js';

/** What is restored, and how. */
export interface RestoreRequest {
  /** The database that is to be replaced, for messages. */
  readonly database: string;
  readonly dump: Dump;
  /** What the table of contents of an archive says it holds; of a plain dump it is found while it is read. */
  readonly relations: readonly DumpedRelation[];
  readonly jobs: number | undefined;
  /** What is passed on to pg_restore or psql, checked. */
  readonly extra: readonly string[];
  /** Called with what these say, line by line. */
  readonly onMessage: (line: string) => void;
}

/**
 * Restores a dump into a new database, by pg_restore or psql, and looks whether everything is there. Returns the number
 * of tables.
 *
 * @throws PgEvictError `UNEXPECTED` if anything fails, `CONFIG_INVALID` for a dump that is cut off or reaches beyond one
 * database, `ABORTED`
 */
export async function restoreDump(
  request: RestoreRequest,
  access: DatabaseAccess,
  env: NodeJS.ProcessEnv,
): Promise<number> {
  const { database, dump, extra, jobs, onMessage } = request;
  const { signal } = access;
  const state = `"${database}" was not restored and stays as it was`;
  const isPlain = dump.format === 'plain';
  const program = isPlain ? 'psql' : 'pg_restore';
  const into = ['--no-password', `--dbname=${access.database}`];
  const plain = new PlainDump(dump.path);
  const outcome = isPlain
    ? await runProgram(
        program,
        ['--no-psqlrc', '--quiet', ...into, ...extra, '--set=ON_ERROR_STOP=1', '--file=-'],
        { env, signal, onMessage, feed: async (stdin, kill) => feed(dump, plain, stdin, kill) },
      )
    : await runProgram(
        program,
        [
          ...into,
          '--exit-on-error',
          ...(jobs === undefined ? [] : [`--jobs=${jobs}`]),
          ...extra,
          resolve(dump.path),
        ],
        { env, signal, onMessage },
      );
  if (signal.aborted) throw new PgEvictError('ABORTED', `Aborted. Database ${state}.`, { database });
  if (!outcome.succeeded) {
    throw new PgEvictError('UNEXPECTED', `Database ${state}: ${outcome.problem}.`, {
      database,
      hint: hintFor(outcome.messages, program),
    });
  }
  const restored = await listRelations(
    { connection: access.connection, database: access.database },
    { signal },
  );
  const missing = findMissing(isPlain ? plain.relations : request.relations, restored);
  if (missing !== undefined) {
    throw new PgEvictError(
      'UNEXPECTED',
      `Database ${state}: ${program} reported no error, but of what the dump lists, the restored database lacks ${missing}.`,
      { database, hint: 'Look whether the dump drops what it creates, or make it anew.' },
    );
  }
  return restored.filter(({ kind }) => kind === 'table' || kind === 'foreign table').length;
}

/** Gives a plain dump to psql, nothing of it before it was looked at. */
async function feed(dump: Dump, plain: PlainDump, stdin: Writable, kill: () => void): Promise<void> {
  // psql runs what it has when its input ends; whatever stops us must end it before that.
  const looking = (
    look: () => void,
    done: (error?: Error | null, chunk?: Buffer) => void,
    chunk?: Buffer,
  ): void => {
    try {
      look();
    } catch (error) {
      kill();
      done(error as Error);
      return;
    }
    done(null, chunk);
  };
  const looker = new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      looking(() => plain.push(chunk), done, chunk);
    },
    flush: (done) => {
      looking(() => plain.end(), done);
    },
  });
  const source = openDump(dump);
  let unreadable: Error | undefined;
  source.once('error', (error) => {
    // It is told, too, what became of those that it feeds: that the program has ended, or that the dump was refused.
    if (stdin.destroyed || looker.errored !== null) return;
    unreadable = error;
    kill();
  });
  try {
    await pipeline(source, looker, stdin);
  } catch (error) {
    if (unreadable === undefined) throw error;
    throw new PgEvictError(
      'CONFIG_INVALID',
      `The dump ${dump.path} cannot be read to its end: ${unreadable.message}.`,
      { hint: 'Make it anew, and look whether pg_dump succeeded.', cause: error },
    );
  }
}
