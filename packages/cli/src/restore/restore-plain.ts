import type { Readable } from 'node:stream';
import { redactQuery } from '../context/engine.js';
import type { Dump } from '../dump/dump.js';
import { openDump } from '../dump/open.js';
import { DumpProblem } from '../script/dump-problem.js';
import type { DumpSession } from '../script/dump-session.js';
import { type DumpPosition, type PlainDumpResult, PlainDumpRun } from '../script/run-plain-dump.js';
import { StatementError } from '../script/statement-error.js';
import { hintFor } from './hints.js';
import { RestoreFailure, type RestoreRequest, type RestoreTarget } from './request.js';

/** Runs a plain dump in the new database, over a session of our own. @throws {@link RestoreFailure} */
export async function restorePlain(request: RestoreRequest, target: RestoreTarget): Promise<PlainDumpResult> {
  const { dump } = request;
  const { content, bytesUnpacked } = openDump(dump);
  return runScript(content, request, target, {
    bytesDone: ({ at, read }) =>
      dump.compression === undefined ? at : Math.floor((bytesUnpacked() * at) / Math.max(read, 1)),
    failureOf: async (problem) => failureOf(dump, problem),
  });
}

/** Differences between a file and the output of pg_restore. */
interface ScriptSource {
  readonly bytesDone: (position: DumpPosition) => number | undefined;
  readonly failureOf: (problem: DumpProblem) => Promise<RestoreFailure>;
}

/** Runs SQL as pg_dump and pg_restore write it. @throws {@link RestoreFailure} */
export async function runScript(
  content: Readable,
  { database, dump, section, singleTransaction, survey, onProgress }: RestoreRequest,
  { connect, signal }: RestoreTarget,
  { bytesDone, failureOf: explain }: ScriptSource,
): Promise<PlainDumpResult> {
  const session = await connect();
  let current = '';
  const run = new PlainDumpRun(session, {
    content,
    own: survey?.own,
    section: section ?? (survey?.isOfCluster === true ? database : undefined),
    singleTransaction,
    onTable: (name) => {
      current = name;
      report();
    },
  });
  const report = (): void => onProgress?.({ bytesDone: bytesDone(run.position), current });
  const progress = onProgress === undefined ? undefined : setInterval(report, progressMs);
  const stop = (): void => {
    session.destroy();
    content.destroy();
  };
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  try {
    await takeDefaultEncoding(session);
    await session.run(Buffer.from(awaitNoFlush));
    const result = await run.run();
    await session.end();
    return result;
  } catch (error) {
    session.destroy();
    if (signal.aborted) throw new RestoreFailure('aborted', '', undefined, error);
    if (error instanceof DumpProblem) throw await explain(error);
    if (error instanceof StatementError) throw new RestoreFailure('server', error.message, undefined, error);
    const why = error instanceof Error ? error.message : String(error);
    throw new RestoreFailure(
      'dump',
      `the dump ${dump.path} cannot be read to its end (${redactQuery(why)})`,
      'Create it again, and check that pg_dump succeeded.',
      error,
    );
  } finally {
    clearInterval(progress);
    signal.removeEventListener('abort', stop);
    content.destroy();
  }
}

const progressMs = 100;

/**
 * Waiting for the write-ahead log at each statement is needless: nobody uses the new database before it is renamed, and
 * the commit of that flushes all that was written before. A user's own options (`PGOPTIONS`) count.
 */
const awaitNoFlush = `SELECT pg_catalog.set_config(name, 'off', false) FROM pg_catalog.pg_settings
  WHERE name OPERATOR(pg_catalog.=) 'synchronous_commit' AND source OPERATOR(pg_catalog.<>) 'client'`;

/** A dump that declares no encoding has that of the environment or else of the database, as for psql. */
async function takeDefaultEncoding(session: DumpSession): Promise<void> {
  const given = process.env['PGCLIENTENCODING'];
  const encoding =
    given === undefined || given === '' || given === 'auto'
      ? "pg_catalog.current_setting('server_encoding')"
      : `'${given.replaceAll("'", '')}'`;
  await session.run(Buffer.from(`SELECT pg_catalog.set_config('client_encoding', ${encoding}, false)`));
}

async function failureOf(dump: Dump, problem: DumpProblem): Promise<RestoreFailure> {
  const { at, cause, kind, message, statement } = problem;
  const line = await lineOf(dump, at);
  const where = `${dump.path}, line ${line}`;
  const named = statement === undefined ? where : `${where}, ${redactQuery(statement)}`;
  switch (kind) {
    case 'incomplete':
      return new RestoreFailure(
        'dump',
        `the dump ${dump.path} is cut off: in line ${line}, ${message}`,
        'Create it again, and check that pg_dump succeeded.',
        problem,
      );
    case 'empty':
      return new RestoreFailure(
        'dump',
        `the dump ${dump.path} ${message}`,
        problem.hint ?? 'To empty a database: pg-evict recreate.',
        problem,
      );
    case 'refused':
      return new RestoreFailure(
        'dump',
        `${named}: ${message}`,
        problem.hint ??
          'Take it out of the dump, or make the dump of one database: pg_dump without --create.',
        problem,
      );
    case 'failed': {
      const said = cause instanceof StatementError ? cause.said : undefined;
      const detail = [said?.detail, said?.where?.split('\n', 1)[0]].filter(Boolean).join('; ');
      const text = `${message}${detail === '' ? '' : ` (${detail})`}`;
      return new RestoreFailure(
        'server',
        `${named}: ${redactQuery(text)}`,
        hintFor(text, 'plain', problem.madeNothing) ?? said?.hint,
        problem,
      );
    }
  }
}

/** The line of a plain dump that contains a byte. It is needed once, so the dump is read again. */
async function lineOf(dump: Dump, at: number): Promise<number> {
  const { content } = openDump(dump);
  let [line, read] = [1, 0];
  try {
    for await (const chunk of content as AsyncIterable<Buffer>) {
      const end = Math.min(chunk.length, at - read);
      for (let index = chunk.indexOf(10); index !== -1 && index < end; index = chunk.indexOf(10, index + 1)) {
        line += 1;
      }
      read += chunk.length;
      if (read >= at) break;
    }
  } catch {
    // Damage further on in the file does not matter here.
  }
  return line;
}
