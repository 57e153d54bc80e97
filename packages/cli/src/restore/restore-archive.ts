import { resolve } from 'node:path';
import { programOutput } from '../child/program-output.js';
import { readArchiveEntries } from '../dump/archive-contents.js';
import type { Dump } from '../dump/dump.js';
import { findUnsafeEntry } from '../dump/look-through-archive.js';
import { runProgram } from '../child/run-program.js';
import { redactQuery } from '../context/engine.js';
import { printable } from '../terminal/printable.js';
import { askOnce } from './ask-once.js';
import { hintFor } from './hints.js';
import { RestoreFailure, type RestoreRequest, type RestoreTarget } from './request.js';
import { runScript } from './restore-plain.js';
import type { PlainDumpResult } from '../script/run-plain-dump.js';

/**
 * Restores an archive by pg_restore. If the server would refuse something that may be left out, pg_restore writes its
 * SQL, and that is run like a plain dump.
 *
 * @throws {@link RestoreFailure}
 */
export async function restoreArchive(
  request: RestoreRequest,
  target: RestoreTarget,
): Promise<PlainDumpResult> {
  const why = (await whyByScript(request, target)) ?? (await whyNotUnseen(request.dump));
  if (why === undefined) return { relations: await byProgram(request, target), skipped: [] };
  const { dump, extra, jobs, onMessage, relations } = request;
  if (jobs !== undefined && jobs > 1) onMessage(`--jobs has no effect: ${why}, so one session restores it.`);
  const args = ['--file=-', ...extra, resolve(dump.path)];
  const content = programOutput('pg_restore', args, {
    env: target.env,
    onMessage: (line) => {
      onMessage(printable(redactQuery(line)));
    },
  });
  const result = await runScript(content, request, target, {
    bytesDone: () => undefined,
    failureOf: async ({ cause, kind, madeNothing, message, statement }) => {
      const text = `${statement === undefined ? '' : `${statement}: `}${message}`;
      return Promise.resolve(
        new RestoreFailure(
          kind === 'refused' ? 'dump' : 'server',
          `${dump.path}: ${redactQuery(text)}`,
          hintFor(message, 'pg_restore', madeNothing),
          cause,
        ),
      );
    },
  });
  return { relations, skipped: result.skipped };
}

/** The reason why pg_restore may not send an archive's content without our examining it; `undefined` if it may. */
async function whyNotUnseen(dump: Dump): Promise<string | undefined> {
  const entries = await readArchiveEntries(dump);
  if (entries === undefined) return 'its table of contents could not be examined';
  const unsafe = findUnsafeEntry(entries);
  return unsafe === undefined ? undefined : `each statement is examined, because of "${printable(unsafe)}"`;
}

/** The reason why pg_restore itself would fail on something that may be left out; `undefined` if it would not. */
async function whyByScript(
  { dump, entries }: RestoreRequest,
  { connection }: RestoreTarget,
): Promise<string | undefined> {
  const [facts] = await askOnce<{ version: number; superuser: boolean }>(
    connection,
    `SELECT current_setting('server_version_num')::int / 10000 AS version,
       (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user) AS superuser`,
  );
  const hasPublic = entries.some((entry) => entry.startsWith('SCHEMA - public '));
  if (hasPublic && (facts?.superuser !== true || (await createsPublic(dump)))) {
    return 'the dump makes the schema "public", which is there already';
  }
  const major = await majorOf('pg_restore');
  if (facts === undefined) return undefined;
  if (major !== undefined && major > facts.version) {
    return `pg_restore is of ${major}, the server of ${facts.version}`;
  }
  const hasExtensions = entries.some((entry) => /^(?:EXTENSION|COMMENT) - (?:EXTENSION )?/.test(entry));
  if (!facts.superuser && hasExtensions) return 'the dump has extensions, and the role is no superuser';
  return undefined;
}

/** pg_dump since 15 also has an entry for it that only sets its owner or privileges. */
async function createsPublic(dump: Dump): Promise<boolean> {
  const entries = await readArchiveEntries(dump);
  const made = entries?.find(({ kind, tag }) => kind === 'SCHEMA' && tag === 'public');
  return made === undefined || made.definition.includes('CREATE SCHEMA');
}

async function byProgram(
  { dump, extra, jobs, onMessage, onProgress, relations }: RestoreRequest,
  { connection, env, signal }: RestoreTarget,
): Promise<RestoreRequest['relations']> {
  const isShown = onProgress !== undefined && !extra.some((word) => /^(?:-v|--verb.*)$/.test(word));
  const outcome = await runProgram(
    'pg_restore',
    [
      '--no-password',
      `--dbname=${connection.database ?? ''}`,
      '--exit-on-error',
      ...(isShown ? ['--verbose'] : []),
      ...(jobs === undefined ? [] : [`--jobs=${jobs}`]),
      ...extra,
      resolve(dump.path),
    ],
    {
      env,
      signal,
      onMessage: (line) => {
        const entry = isShown ? entryLine.exec(line)?.[1] : undefined;
        if (entry === undefined) onMessage(line);
        else onProgress?.({ bytesDone: undefined, current: entry });
      },
    },
  );
  if (signal.aborted) throw new RestoreFailure('aborted', '');
  if (!outcome.succeeded) {
    throw new RestoreFailure(
      'server',
      outcome.problem,
      hintFor(outcome.messages, 'pg_restore', relations.length === 0),
    );
  }
  return relations;
}

/** Messages of pg_restore with --verbose that are not about an error. */
const entryLine = /^pg_restore: (?!error|warning|fatal|detail|hint|from TOC|while |in |creating pipe)(.*)$/;

/** The major of a PostgreSQL program; `undefined` if it does not say. */
async function majorOf(program: string): Promise<number | undefined> {
  let output = '';
  await runProgram(program, ['--version'], {
    env: process.env,
    signal: undefined,
    onStdout: (chunk) => (output += chunk),
  });
  const major = Number(/ (\d+)/.exec(output)?.[1]);
  return Number.isNaN(major) ? undefined : major;
}
