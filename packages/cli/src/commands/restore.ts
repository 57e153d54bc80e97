import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { environmentFor } from '../child/environment.js';
import { assertInstalled } from '../child/run-program.js';
import type { CommandContext } from '../context/command-context.js';
import { PgEvictError, recreateDatabase } from '../context/engine.js';
import type { EndingOptions } from '../options/ending.js';
import type { GlobalOptions } from '../options/global.js';
import type { RestoreWords } from '../options/positionals.js';
import type { RemedyFlags } from '../options/remedy.js';
import { type Perform, performOperation } from '../perform/perform-operation.js';
import { runCommand } from '../perform/run-command.js';
import type { Dump } from '../restore/dump.js';
import { keptName } from '../restore/kept-name.js';
import { checkPassedOptions } from '../restore/passed-options.js';
import { type ArchiveContents, readArchive } from '../restore/read-archive.js';
import { recognizeDump } from '../restore/recognize-dump.js';
import { restoreDump } from '../restore/restore-dump.js';

/** The options of `pg-evict restore`. */
export interface RestoreOptions extends GlobalOptions, EndingOptions, RemedyFlags {
  readonly keepOld?: true | string;
  readonly jobs?: number;
  readonly ifNotExists?: true;
}

/** `pg-evict restore [database] <dump> [-- <options…>]` */
export async function restore(words: RestoreWords, options: RestoreOptions): Promise<void> {
  await runCommand(words.database, options, async (context) => {
    const plan = await planRestore(words, context, options);
    return performOperation(context, performRestore(plan, context, options), { isDestructive: true });
  });
}

interface RestorePlan {
  readonly dump: Dump;
  readonly extra: readonly string[];
  readonly contents: ArchiveContents | undefined;
  readonly keepOldAs: string | undefined;
}

/** Looks at the dump, and at what is to restore it, before anything else. */
async function planRestore(
  words: RestoreWords,
  { interrupts, target }: CommandContext,
  { jobs, keepOld }: RestoreOptions,
): Promise<RestorePlan> {
  if (
    words.database === undefined &&
    typeof keepOld === 'string' &&
    !existsSync(words.dump) &&
    existsSync(keepOld)
  ) {
    throw new PgEvictError(
      'CONFIG_INVALID',
      `There is no dump ${words.dump}: --keep-old took ${keepOld} as a name.`,
      {
        hint: 'Without a name, write --keep-old at the end; with one, --keep-old=<name>.',
      },
    );
  }
  const dump = await recognizeDump(words.dump);
  const program = dump.format === 'plain' ? 'psql' : 'pg_restore';
  if (jobs !== undefined && dump.format !== 'custom' && dump.format !== 'directory') {
    throw new PgEvictError(
      'CONFIG_INVALID',
      `--jobs does not work with the ${dump.format} dump ${dump.path}.`,
      {
        hint: 'Several jobs restore dumps in the custom or directory format: pg_dump --format=custom.',
      },
    );
  }
  const extra = checkPassedOptions(program, words.extra);
  assertInstalled(program);
  const contents =
    dump.format === 'plain'
      ? undefined
      : await readArchive(resolve(dump.path), dump, extra, interrupts.signal);
  const keepOldAs = keepOld === true ? keptName(target.database ?? '', new Date()) : keepOld;
  return { dump, extra, contents, keepOldAs };
}

function performRestore(
  { dump, extra, contents, keepOldAs }: RestorePlan,
  { connection, target }: CommandContext,
  { jobs, ifNotExists, rollbackPrepared, dropSlots, dropSubscriptions, quiet, url }: RestoreOptions,
): Perform {
  const relations = contents?.relations ?? [];
  const unsaid: string[] = [];
  return async (operation, progress) => {
    let tables = contents === undefined ? null : relations.filter(({ isTable }) => isTable).length;
    const report = await recreateDatabase(target, {
      ...operation,
      ifNotExists,
      rollbackPrepared,
      dropSlots,
      dropSubscriptions,
      keepOldAs,
      // What was added to template1 would be in the way of the dump, which has it too.
      template: 'template0',
      onStep: async (step) => {
        await operation.onStep?.(step);
        if (step === 'settings-applied') progress?.say(`Restoring ${dump.path}`);
      },
      fill: async (access) => {
        tables = await restoreDump(
          {
            database: target.database ?? '',
            dump,
            relations,
            jobs,
            extra,
            onMessage: (line) => {
              if (quiet === true) {
                unsaid.push(line);
                return;
              }
              // From here on its words are the progress.
              progress?.stop();
              process.stderr.write(`${line}\n`);
            },
          },
          access,
          environmentFor(access, connection, url),
        ).catch((error: unknown) => {
          process.stderr.write(unsaid.map((line) => `${line}\n`).join(''));
          throw error;
        });
        progress?.say('Swapping');
      },
    });
    return {
      ...report,
      command: 'restore',
      restored: { dump: dump.path, format: dump.format, tables, origin: contents?.origin },
    };
  };
}
