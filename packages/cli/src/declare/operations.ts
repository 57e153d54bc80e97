import { type Command, Option } from 'commander';
import { addOperationOptions } from '../options/ending.js';
import { examples } from '../options/examples.js';
import { paragraphs } from '../options/help-layout.js';
import { wholeNumber } from '../options/parse.js';
import { splitFreshWords, splitNames, splitRestoreWords } from '../options/positionals.js';
import { addRemedyOptions } from '../options/remedy.js';
import { addUndoOptions } from '../options/undo.js';

const oldContent = ['the old content', '1h, up to 1 GB, if you confirmed the operation'] as const;

/** `drop`, `create`, `recreate`, `fresh`, `restore`, `undo`, `rename`, `swap` and `clone`. */
export function declareOperations(program: Command): void {
  const drop = program
    .command('drop')
    .argument('[database]')
    .usage('[database] [options]')
    .description('terminate the other sessions of a database and drop it')
    .optionsGroup('Options:')
    .option('--if-exists', 'succeed if it does not exist');
  addUndoOptions(drop, 'the database', 'not at all');
  addOperationOptions(drop);
  addRemedyOptions(drop, ['rollbackPrepared', 'dropSlots', 'dropSubscriptions', 'unsetTemplate'])
    .addHelpText(
      'after',
      examples(
        'drop app_dev',
        'drop app_test --if-exists --yes',
        'drop app_dev --dry-run',
        'drop app_dev --undo 24h',
        'drop app -h db.example.com --confirm app',
      ),
    )
    .action(async (database: string | undefined, _options: unknown, command: Command) => {
      const { drop: run } = await import('../commands/drop.js');
      await run(database, command.optsWithGlobals());
    });

  const create = program
    .command('create')
    .argument('[database]')
    .usage('[database] [options]')
    .description('create a database, after terminating the sessions on its template')
    .optionsGroup('Options:')
    .option('--if-not-exists', 'succeed if it exists')
    .option('--template <name>', 'the database to copy')
    .option('--owner <role>', 'role that owns it');
  addOperationOptions(create)
    .addHelpText('after', examples('create app_dev', 'create app_test --template app_dev --if-not-exists'))
    .action(async (database: string | undefined, _options: unknown, command: Command) => {
      const { create: run } = await import('../commands/create.js');
      await run(database, command.optsWithGlobals());
    });

  const recreate = program
    .command('recreate')
    .argument('[database]')
    .usage('[database] [options]')
    .description('replace a database with an empty one with the same settings, atomically')
    .optionsGroup('Options:')
    .option('--if-not-exists', 'create it if it does not exist')
    .option('--template <name>', 'the database to copy instead of an empty one')
    .option('--owner <role>', 'its owner (default: the same owner)')
    .option('--keep-settings', 'keep owner, encoding, locale, privileges, ALTER DATABASE SET, … (default)')
    .option('--no-keep-settings', "use the server's defaults");
  addUndoOptions(recreate, ...oldContent);
  addOperationOptions(recreate);
  addRemedyOptions(recreate, ['rollbackPrepared', 'dropSlots', 'dropSubscriptions'])
    .addHelpText(
      'after',
      examples(
        'recreate app_dev',
        'recreate app_test --if-not-exists --yes',
        'recreate app_dev --grace 10s --rollback-prepared',
      ),
    )
    .action(async (database: string | undefined, _options: unknown, command: Command) => {
      const { recreate: run } = await import('../commands/recreate.js');
      await run(database, command.optsWithGlobals());
    });

  const fresh = program
    .command('fresh')
    .argument('[words...]')
    .usage('[database] [options] [-- …]')
    .description('recreate a database and run all knex migrations, or a command; with --seed, also the seeds')
    .optionsGroup('Options:')
    .option('--seed', 'also run the seeds')
    .option('--in-place', 'migrate it under its own name; a failure may then leave it half-migrated')
    .option('--if-not-exists', 'create it if it does not exist')
    .option('--template <name>', 'the database to start from instead of an empty one')
    .option('--owner <role>', 'its owner (default: the same owner)')
    .option('--keep-settings', 'keep owner, encoding, locale, privileges, ALTER DATABASE SET, … (default)')
    .option('--no-keep-settings', "use the server's defaults");
  addUndoOptions(fresh, ...oldContent);
  addOperationOptions(fresh);
  addRemedyOptions(fresh, ['rollbackPrepared', 'dropSlots', 'dropSubscriptions'])
    .addHelpText(
      'after',
      `${paragraphs(
        `The knexfile is that of --knexfile, else that of the configuration, else the nearest one in this or a parent
        directory. Its connection is used before DATABASE_URL. TypeScript needs no other package. The new database is
        filled beside the old one and then replaces it. If filling fails, the old one stays.`,
        `A command after "--" replaces knex. It finds the new database in DATABASE_URL and in PGHOST, PGPORT, PGUSER,
        PGPASSWORD and PGDATABASE, under a private name. PG_EVICT_DATABASE holds its real name.`,
        `Migrations, seeds and commands run in processes of their own. A Node process among them that connects to the old
        database is refused. --timeout does not count the time that they take.`,
      )}
${examples(
  'fresh',
  'fresh app_test --seed --env test --yes',
  'fresh --knexfile db/knexfile.ts --dry-run',
  'fresh app_dev -- npx prisma migrate deploy',
)}`,
    )
    .action(async (words: string[], _options: unknown, command: Command) => {
      const parts = splitFreshWords(words, command);
      const { fresh: run } = await import('../commands/fresh.js');
      await run(parts, command.optsWithGlobals());
    });

  const restore = program
    .command('restore')
    .argument('[words...]')
    .usage('[database] <dump> [options]')
    .description('replace a database with the contents of a dump')
    .optionsGroup('Options:')
    .option('--keep-old [name]', 'keep the old database (default: as <database>_old_<date>_<time>, UTC)')
    .option('--if-not-exists', 'create it if it does not exist')
    .addOption(
      new Option('--jobs <number>', 'number of parallel jobs (custom and directory formats)').argParser(
        wholeNumber(1, 999),
      ),
    )
    .option('--section <name>', 'the database to restore from a file of pg_dumpall, if its name differs');
  addUndoOptions(restore, ...oldContent);
  addOperationOptions(restore);
  addRemedyOptions(restore, ['rollbackPrepared', 'dropSlots', 'dropSubscriptions'])
    .addHelpText(
      'after',
      `${paragraphs(
        `The dump is one of pg_dump: custom, directory, tar, or plain SQL, also compressed (.gz, .zst, .xz, .bz2). It is
        restored beside the database, which is in use meanwhile: plain SQL by pg-evict itself, the others by
        pg_restore, which must be on PATH. If everything succeeds, the restored database replaces it; if anything
        fails, or you press Ctrl-C, the old one stays. The server needs room for both. A dump is code that runs with
        your role's privileges: restore only dumps that you trust.`,
        `Options after "--" are passed on to pg_restore; with plain SQL, -1 (--single-transaction) makes it one
        transaction, unless the dump has some of its own, as for large objects. --timeout does not count the time of
        the restore.`,
      )}
${examples(
  'restore app_dev app.dump',
  'restore app_dev app.dump --keep-old --yes',
  'restore app_dev app.dump --jobs 4 -- --no-owner --no-acl',
  'restore app_dev app.sql.gz --dry-run',
  'restore app_dev all.sql --section app',
)}`,
    )
    .action(async (words: string[], _options: unknown, command: Command) => {
      const parts = splitRestoreWords(words, command);
      const { restore: run } = await import('../commands/restore.js');
      await run(parts, command.optsWithGlobals());
    });

  const undo = program
    .command('undo')
    .argument('[database]')
    .usage('[database] [options]')
    .description('restore the content that a recreate, fresh, restore or drop kept last')
    .optionsGroup('Options:');
  addUndoOptions(undo, 'the content that it replaces', '1h');
  addOperationOptions(undo);
  addRemedyOptions(undo, ['rollbackPrepared', 'dropSlots', 'dropSubscriptions'])
    .addHelpText(
      'after',
      `${paragraphs(
        `The old content is kept for an hour, up to 1 GB, if you have answered the question or named the database with
        --confirm; with --undo it is kept in any case. The swap is as atomic as that of a recreate. --dry-run shows
        which content would come back. Expired content is dropped by the next command that replaces, renames or sweeps
        on that server.`,
      )}\n${examples('undo app_dev', 'undo app_dev --dry-run')}`,
    )
    .action(async (database: string | undefined, _options: unknown, command: Command) => {
      const { undo: run } = await import('../commands/undo.js');
      await run(database, command.optsWithGlobals());
    });

  const rename = program
    .command('rename')
    .argument('[names...]')
    .usage('[database] <to> [options]')
    .description('terminate the other sessions of a database and rename it')
    .optionsGroup('Options:');
  addOperationOptions(rename);
  addRemedyOptions(rename, ['rollbackPrepared'])
    .addHelpText(
      'after',
      `\nIf you pass one name, it is the new name, and the database is that of the connection.\n${examples(
        'rename app_dev app_old',
        'rename app_old -d postgres://localhost/app_dev',
      )}`,
    )
    .action(async (names: string[], _options: unknown, command: Command) => {
      const { rename: run } = await import('../commands/rename.js');
      await run(splitNames(names, command), command.optsWithGlobals());
    });

  const swap = program
    .command('swap')
    .argument('[names...]')
    .usage('[database] <other> [options]')
    .description('terminate the other sessions of two databases and exchange their names, atomically')
    .optionsGroup('Options:');
  addOperationOptions(swap);
  addRemedyOptions(swap, ['rollbackPrepared'])
    .addHelpText(
      'after',
      `\nIf you pass one name, it is that of the other database, and the first database is that of the connection.\n${examples(
        'swap app app_next',
        'swap app_next -d postgres://localhost/app',
      )}`,
    )
    .action(async (names: string[], _options: unknown, command: Command) => {
      const { swap: run } = await import('../commands/swap.js');
      await run(splitNames(names, command, 'other'), command.optsWithGlobals());
    });

  const clone = program
    .command('clone')
    .argument('[names...]')
    .usage('[database] <to> [options]')
    .description('terminate the other sessions of a database and copy it')
    .optionsGroup('Options:')
    .option('--if-not-exists', 'succeed if the copy exists')
    .option(
      '--owner <role>',
      'role that owns the copy (with --keep-settings, default: the owner of the original)',
    )
    .option(
      '--keep-settings',
      'also copy owner, privileges, ALTER DATABASE SET, connection limit and comment',
    )
    .option('--no-keep-settings', 'copy the content only (default)');
  addOperationOptions(clone);
  addRemedyOptions(clone, ['rollbackPrepared'])
    .addHelpText(
      'after',
      `\nIf you pass one name, it is the copy's, and the database is that of the connection.\n${examples(
        'clone app_dev app_copy',
        'clone app_copy -d postgres://localhost/app_dev',
      )}`,
    )
    .action(async (names: string[], _options: unknown, command: Command) => {
      const { clone: run } = await import('../commands/clone.js');
      await run(splitNames(names, command), command.optsWithGlobals());
    });
}
