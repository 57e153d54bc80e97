import type { Command } from 'commander';
import { addEndingOptions } from '../options/ending.js';
import { examples } from '../options/examples.js';
import { splitCommand } from '../options/positionals.js';
import { addRemedyOptions } from '../options/remedy.js';

/** `run`, `protect`, `unprotect`, `sweep`, `doctor` and `init`. */
export function declareGuards(program: Command): void {
  const run = program
    .command('run')
    .argument('[words...]')
    .usage('[database] [options] -- <command…>')
    .description('run a command while nobody else can connect to the database')
    .optionsGroup('Options:');
  addEndingOptions(run);
  addRemedyOptions(run, ['rollbackPrepared'])
    .addHelpText(
      'after',
      `
Meanwhile the database has a private name, which the command finds in DATABASE_URL and in PGHOST, PGPORT, PGUSER,
PGPASSWORD and PGDATABASE; its own name is in PG_EVICT_DATABASE. The exit code is the command's. Signals go to the
command. --timeout, where it is given, bounds the command too: it is then told to end (SIGTERM, SIGKILL 5 s later).
${examples(
  'run app_dev -- npm run restore',
  `run app_dev -- sh -c 'vacuumdb --full "$PGDATABASE"'`,
  'run app_dev --timeout 10m -- psql -f migrate.sql',
)}`,
    )
    .action(async (words: string[], _options: unknown, command: Command) => {
      const parts = splitCommand(words, command);
      const { run: runIt } = await import('../commands/run.js');
      await runIt(parts, command.optsWithGlobals());
    });

  program
    .command('protect')
    .argument('[database]')
    .usage('[database] [options]')
    .description('have every pg-evict, on every machine, refuse to touch a database')
    .optionsGroup('Options:')
    .option('--reason <text>', 'shown to whoever is refused; without it, the one that is there stays')
    .addHelpText('after', examples("protect app --reason 'production; ask ops'"))
    .action(async (database: string | undefined, _options: unknown, command: Command) => {
      const { protect } = await import('../commands/protect.js');
      await protect(database, command.optsWithGlobals());
    });

  program
    .command('unprotect')
    .argument('[database]')
    .usage('[database] [options]')
    .description('take the protection off a database')
    .addHelpText('after', examples('unprotect app', 'unprotect app_dev --yes'))
    .action(async (database: string | undefined, _options: unknown, command: Command) => {
      const { unprotect } = await import('../commands/unprotect.js');
      await unprotect(database, command.optsWithGlobals());
    });

  program
    .command('sweep')
    .usage('[options]')
    .description('drop the test databases that finished test runs left behind')
    .optionsGroup('Options:')
    .option('--kept', 'also those of failed test files that were kept less than a week ago')
    .option('--templates', 'also templates that no run uses, however recently one did')
    .addHelpText(
      'after',
      `\nOnly databases that @pg-evict/testing made, and none of a run that lives, on whatever machine. --timeout is for each of
them: one that takes longer, as somebody has it locked, is left, and the exit code is 5.\n${examples(
        'sweep --dry-run',
        'sweep --kept --templates',
        'sweep --json',
      )}`,
    )
    .action(async (_options: unknown, command: Command) => {
      const { sweep } = await import('../commands/sweep.js');
      await sweep(command.optsWithGlobals());
    });

  program
    .command('doctor')
    .argument('[database]')
    .usage('[database] [options]')
    .description('look at connection, privileges, protection, what stands in the way, and leftovers')
    .optionsGroup('Options:')
    .option('--fix', 'put in order what operations left whose process was killed')
    .addHelpText('after', examples('doctor app_dev', 'doctor --fix', 'doctor app_dev --json'))
    .action(async (database: string | undefined, _options: unknown, command: Command) => {
      const { doctor } = await import('../commands/doctor.js');
      await doctor(database, command.optsWithGlobals());
    });

  program
    .command('init')
    .usage('[options]')
    .description('write a configuration file, after looking at what the project has')
    .addHelpText('after', examples('init', 'init --dry-run'))
    .action(async (_options: unknown, command: Command) => {
      const { init } = await import('../commands/init.js');
      await init(command.optsWithGlobals());
    });
}
