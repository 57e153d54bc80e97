import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { asApplication, environmentFor } from '../child/environment.js';
import { assertInstalled } from '../child/run-program.js';
import type { CommandContext } from '../context/command-context.js';
import { PgEvictError, recreateDatabase } from '../context/engine.js';
import type { EndingOptions } from '../options/ending.js';
import type { GlobalOptions } from '../options/global.js';
import type { RestoreWords } from '../options/positionals.js';
import type { RemedyFlags } from '../options/remedy.js';
import type { UndoFlags } from '../options/undo.js';
import { type Perform, performOperation } from '../perform/perform-operation.js';
import { runCommand } from '../perform/run-command.js';
import type { SkippedStatement } from '../dump/dump.js';
import { type ArchiveContents, readArchive } from '../dump/read-archive.js';
import { type RecognizedDump, recognizeDump } from '../dump/recognize.js';
import { keptName } from '../restore/kept-name.js';
import { checkPassedOptions, type PassedOptions } from '../restore/passed-options.js';
import type { RestoreProgress } from '../restore/request.js';
import { restoreDump } from '../restore/restore-dump.js';
import { formatDuration, formatSize } from '../terminal/format.js';
import { printable } from '../terminal/printable.js';
import type { Progress } from '../terminal/progress.js';

/** The options of `pg-evict restore`. */
export interface RestoreOptions extends GlobalOptions, EndingOptions, RemedyFlags, UndoFlags {
  readonly keepOld?: true | string;
  readonly jobs?: number;
  readonly section?: string;
  readonly ifNotExists?: true;
}

/** `pg-evict restore [database] <dump> [-- <options…>]` */
export async function restore(words: RestoreWords, options: RestoreOptions): Promise<void> {
  await runCommand(words.database, options, async (context) => {
    const plan = await planRestore(words, context, options);
    return performOperation(context, performRestore(plan, context, options), {
      // It is kept for good.
      keeps: options.keepOld === undefined ? 'confirmed' : 'asked',
      command: 'restore',
      waitsAfter: 'settings-applied',
    });
  });
}

interface RestorePlan extends RecognizedDump {
  readonly passed: PassedOptions;
  readonly contents: ArchiveContents | undefined;
  readonly keepOldAs: string | undefined;
}

/** Examines the dump, and the program that is to restore it, before anything else. */
async function planRestore(
  words: RestoreWords,
  { interrupts, target }: CommandContext,
  options: RestoreOptions,
): Promise<RestorePlan> {
  const { keepOld } = options;
  assertNameIsNotDump(words, keepOld);
  assertKeptOnce(options);
  const recognized = await recognizeDump(words.dump);
  const { dump } = recognized;
  assertFits(recognized, options);
  const passed = checkPassedOptions(dump.format === 'plain' ? 'plain' : 'pg_restore', words.extra);
  let contents: ArchiveContents | undefined;
  if (dump.format !== 'plain') {
    assertInstalled('pg_restore');
    contents = await readArchive(resolve(dump.path), dump, passed.words, interrupts.signal);
  }
  const keepOldAs = keepOld === true ? keptName(target.database ?? '', new Date()) : keepOld;
  return { ...recognized, passed, contents, keepOldAs };
}

/** The old database has one name. */
function assertKeptOnce({ keepOld, undo }: RestoreOptions): void {
  if (keepOld === undefined || typeof undo !== 'number') return;
  throw new PgEvictError('CONFIG_INVALID', 'The old database cannot be kept twice: --keep-old and --undo.', {
    hint: 'Leave one of them out: --keep-old keeps it for good, --undo for a time.',
  });
}

/** `--keep-old` uses the next word as a name. */
function assertNameIsNotDump({ database, dump }: RestoreWords, keepOld: true | string | undefined): void {
  if (database !== undefined || typeof keepOld !== 'string') return;
  if (existsSync(dump) || !existsSync(keepOld)) return;
  throw new PgEvictError(
    'CONFIG_INVALID',
    `There is no dump ${dump}: --keep-old took ${keepOld} as a name.`,
    {
      hint: 'Without a name, write --keep-old at the end; with one, --keep-old=<name>.',
    },
  );
}

/** Refuses options that do not fit the dump, and a dump whose top contains a part that must not be run. */
function assertFits({ dump, survey }: RecognizedDump, { jobs, section }: RestoreOptions): void {
  const { format, path } = dump;
  if (jobs !== undefined && format !== 'custom' && format !== 'directory') {
    throw new PgEvictError('CONFIG_INVALID', `--jobs does not work with the ${format} dump ${path}.`, {
      hint: 'Several jobs restore dumps in the custom or directory format: pg_dump --format=custom.',
    });
  }
  if (section !== undefined && format !== 'plain') {
    throw new PgEvictError('CONFIG_INVALID', `--section does not work with the ${format} dump ${path}.`, {
      hint: 'It is for files of pg_dumpall, which have several databases. An archive has one: leave it out.',
    });
  }
  if (survey?.refused === undefined || survey.isOfCluster || section !== undefined) return;
  const { reason, statement } = survey.refused;
  throw new PgEvictError(
    'CONFIG_INVALID',
    `The dump ${path} was not restored: ${statement} is refused: ${reason}. Nothing was changed.`,
    {
      hint: 'Take it out of the dump. Of a file with several databases, name the one to restore: --section <name>.',
    },
  );
}

function performRestore(
  { dump, survey, passed, contents, keepOldAs }: RestorePlan,
  { connection, target }: CommandContext,
  options: RestoreOptions,
): Perform {
  const { jobs, section, ifNotExists, rollbackPrepared, dropSlots, dropSubscriptions, quiet, url } = options;
  const relations = contents?.relations ?? [];
  const unsaid: string[] = [];
  return async (operation, progress) => {
    let tables = contents === undefined ? null : relations.filter(({ isTable }) => isTable).length;
    let skipped: readonly SkippedStatement[] = [];
    const onMessage = (line: string): void => {
      if (quiet === true) unsaid.push(line);
      else if (progress?.isShown === true) progress.print(line);
      else process.stderr.write(`${line}\n`);
    };
    const report = await recreateDatabase(target, {
      ...operation,
      ifNotExists,
      rollbackPrepared,
      dropSlots,
      dropSubscriptions,
      keepOldAs,
      // Objects added to template1 would conflict with the dump, which contains them, too.
      template: 'template0',
      onStep: async (step) => {
        // The following output waits until the new database is filled.
        if (step === 'settings-applied') progress?.say(`Restoring ${dump.path}`);
        else await operation.onStep?.(step);
      },
      fill: async (access) => {
        const result = await restoreDump(
          {
            database: target.database ?? '',
            dump,
            survey,
            relations,
            entries: contents?.entries ?? [],
            jobs,
            section,
            extra: passed.words,
            singleTransaction: passed.singleTransaction,
            onMessage,
            onProgress: progress?.isShown === true ? sayProgress(progress, dump) : undefined,
          },
          access,
          asApplication(access, connection.settings).connection,
          environmentFor(access, connection, url),
        ).catch((error: unknown) => {
          process.stderr.write(unsaid.map((line) => `${line}\n`).join(''));
          throw error;
        });
        ({ tables, skipped } = result);
        await operation.onStep?.('settings-applied');
      },
    });
    return {
      ...report,
      command: 'restore',
      restored: { dump: dump.path, format: dump.format, tables, origin: contents?.origin },
      bytes: dump.bytes,
      skipped,
    };
  };
}

/** `Restoring app.sql: 450 MB of 1 GB (45 %), 12 s, public.orders` */
function sayProgress(
  progress: Progress,
  { bytes, path }: RecognizedDump['dump'],
): (at: RestoreProgress) => void {
  const startedAt = performance.now();
  return ({ bytesDone, current }) => {
    const done =
      bytesDone === undefined
        ? ''
        : ` ${formatSize(bytesDone)} of ${formatSize(bytes)} (${Math.floor((100 * bytesDone) / bytes)} %),`;
    const elapsed = formatDuration(performance.now() - startedAt);
    progress.say(
      `Restoring ${path}:${done} ${elapsed}${current === '' ? '' : `, ${printable(current)}`}`,
      true,
    );
  };
}
