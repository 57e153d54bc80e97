import { runProgram } from '../child/run-program.js';
import { PgEvictError } from '../context/engine.js';
import type { Dump, DumpedRelation } from './dump.js';
import { findCutPart } from './find-cut-part.js';
import { decodeText } from '../sql/encodings.js';

/** The facts in the table of contents of an archive. */
export interface ArchiveContents {
  readonly relations: readonly DumpedRelation[];
  /** The entries that are to be restored: `SCHEMA - public postgres`. */
  readonly entries: readonly string[];
  /** The database it was made from, and when; `undefined` if it does not say. */
  readonly origin: string | undefined;
}

/** `217; 1259 16386 TABLE public orders app` (`PrintTOCSummary()`, src/bin/pg_dump/pg_backup_archiver.c) */
const entry = /^\d+; \d+ \d+ (.*)$/;
const relation = /^(TABLE|VIEW|MATERIALIZED VIEW|SEQUENCE|FOREIGN TABLE) (.*)$/;

/** Entries of other kinds that begin alike. */
const others = /^(?:TABLE (?:DATA|ATTACH)|MATERIALIZED VIEW DATA|SEQUENCE (?:SET|OWNED BY)) /;

/**
 * Asks pg_restore for the list of entries that it would restore, and looks whether their data are complete.
 *
 * @param options are passed on to pg_restore: it may leave out some of the archive
 * @throws PgEvictError `CONFIG_INVALID` if pg_restore cannot read the archive, or would restore nothing of it, or if a
 * part of it is cut off
 */
export async function readArchive(
  file: string,
  dump: Dump,
  options: readonly string[],
  signal: AbortSignal | undefined,
): Promise<ArchiveContents> {
  let output = '';
  // With --verbose the list also contains entries that are left out.
  const picking = options.filter((option) => !/^(?:-v|--verb(?:o(?:s(?:e)?)?)?)$/.test(option));
  const { succeeded, problem } = await runProgram('pg_restore', ['--list', ...picking, file], {
    env: process.env,
    signal,
    onStdout: (chunk) => (output += chunk),
  });
  if (signal?.aborted === true) throw new PgEvictError('ABORTED', 'Aborted. Nothing was changed.');
  if (!succeeded) {
    throw new PgEvictError(
      'CONFIG_INVALID',
      `The dump ${dump.path} cannot be read: ${problem}. Nothing was changed.`,
      {
        hint: problem.includes('unsupported version')
          ? 'A newer pg_dump made it: put a pg_restore that is as new on PATH.'
          : undefined,
      },
    );
  }
  const cut = await findCutPart(dump);
  if (cut !== undefined) {
    throw new PgEvictError(
      'CONFIG_INVALID',
      `The dump ${dump.path} is cut off: ${cut}. Nothing was changed.`,
      { hint: 'Create it again, and check that pg_dump succeeded.' },
    );
  }
  const lines = output.split('\n');
  const entries = lines.flatMap((line) => entry.exec(line)?.[1] ?? []);
  if (entries.length === 0) {
    const passed = options.length === 0 ? '' : ' with these options';
    throw new PgEvictError('CONFIG_INVALID', `The dump ${dump.path} holds nothing to restore${passed}.`, {
      hint: 'To empty a database: pg-evict recreate.',
    });
  }
  return { relations: entries.flatMap(relationOf), entries, origin: originOf(lines) };
}

function relationOf(text: string): DumpedRelation[] {
  const [, type, rest] = relation.exec(text) ?? [];
  if (type === undefined || rest === undefined || others.test(text)) return [];
  // In the dump's encoding, which the list does not name.
  const name = decodeText(Buffer.from(rest, 'latin1'), 'UTF8');
  return [{ isTable: type.endsWith('TABLE'), name, label: name.replace(/ \S+$/, '') }];
}

function originOf(lines: readonly string[]): string | undefined {
  const valueOf = (label: string): string | undefined =>
    lines
      .find((line) => line.startsWith(`; ${label}`) || line.startsWith(`;     ${label}`))
      ?.split(label, 2)[1];
  const database = valueOf('dbname: ');
  const createdAt = valueOf('Archive created at ');
  if (database === undefined || createdAt === undefined) return undefined;
  return `of ${decodeText(Buffer.from(database, 'latin1'), 'UTF8')}, ${createdAt}`;
}
