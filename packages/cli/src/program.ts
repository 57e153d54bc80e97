import { Command, Help, type Option } from 'commander';
import { addGlobalOptions } from './global-options.js';
import { wantsColor } from './wants-color.js';

/**
 * The command line. Only what is needed to parse it and to show help is loaded here; each action loads its command,
 * and with it core and the driver.
 */
export function createProgram(): Command {
  const program = new Command('pg-evict')
    .description(
      'Gives you a PostgreSQL database to yourself: ends the other sessions, race-free, verified and reported.',
    )
    .usage('<command> [database] [options]')
    .exitOverride()
    .configureHelp({
      styleTitle: (title) => `\u001B[1m${title}\u001B[22m`,
      subcommandTerm: (command) => `${command.name()} ${command.usage().replace('[options]', '').trim()}`,
      visibleOptions: withGlobalOptions,
    })
    .configureOutput({
      // Usage errors are printed by reportUsage, which knows about --json and passwords.
      outputError: () => undefined,
      getOutHasColors: () => wantsColor(process.stdout),
      getErrHasColors: () => wantsColor(process.stderr),
    })
    .helpCommand('help [command]', 'show help for a command');
  addGlobalOptions(program);
  program.addHelpText(
    'after',
    `
The database is the one the connection names, unless [database] names another. The connection is the first given of
--url; -h, -p, -U; DATABASE_URL; libpq's variables (PGHOST, PGSERVICE, …), .pgpass and service file.

Exit codes: 0 done, 1 unexpected, 2 usage or configuration, 3 refused, 4 sessions remain, 5 blocked by something else,
6 cannot connect, 7 database missing or already there, 8 timeout, 130 interrupted.`,
  );

  program
    .command('sessions')
    .alias('ls')
    .argument('[database]')
    .usage('[database] [options]')
    .description('list the sessions of a database (also: ls)')
    .addHelpText('after', examples('sessions app_dev', 'sessions app_dev --json | jq .sessions[].pid'))
    .action(async (database: string | undefined, _options: unknown, command: Command) => {
      const { sessions } = await import('./commands/sessions.js');
      await sessions(database, command.optsWithGlobals());
    });

  program
    .command('terminate')
    .argument('[database]')
    .usage('[database] [options]')
    .description('end the other sessions of a database')
    .addHelpText('after', examples('terminate app_dev', 'terminate app_dev --dry-run'))
    .action(async (database: string | undefined, _options: unknown, command: Command) => {
      const { terminate } = await import('./commands/terminate.js');
      await terminate(database, command.optsWithGlobals());
    });

  program
    .command('drop')
    .argument('[database]')
    .usage('[database] [options]')
    .description('end the other sessions of a database and drop it')
    .optionsGroup('Options:')
    .option('--if-exists', 'succeed when it does not exist')
    .addHelpText(
      'after',
      examples('drop app_dev', 'drop app_test --if-exists --yes', 'drop app_dev --dry-run'),
    )
    .action(async (database: string | undefined, _options: unknown, command: Command) => {
      const { drop } = await import('./commands/drop.js');
      await drop(database, command.optsWithGlobals());
    });

  program
    .command('create')
    .argument('[database]')
    .usage('[database] [options]')
    .description('create a database, ending the sessions on its template')
    .optionsGroup('Options:')
    .option('--if-not-exists', 'succeed when it exists')
    .option('--template <name>', 'the database to copy')
    .option('--owner <role>', 'who owns it')
    .addHelpText('after', examples('create app_dev', 'create app_test --template app_dev --if-not-exists'))
    .action(async (database: string | undefined, _options: unknown, command: Command) => {
      const { create } = await import('./commands/create.js');
      await create(database, command.optsWithGlobals());
    });

  program
    .command('recreate')
    .argument('[database]')
    .usage('[database] [options]')
    .description('replace a database by an empty one with the same settings, atomically')
    .optionsGroup('Options:')
    .option('--if-not-exists', 'create it when it does not exist')
    .option('--template <name>', 'the database to copy instead of an empty one')
    .option('--owner <role>', 'who owns it, instead of the same owner')
    .option('--keep-settings', 'keep owner, encoding, locale, privileges, ALTER DATABASE SET, … (default)')
    .option('--no-keep-settings', "take the server's defaults")
    .addHelpText('after', examples('recreate app_dev', 'recreate app_test --if-not-exists --yes'))
    .action(async (database: string | undefined, _options: unknown, command: Command) => {
      const { recreate } = await import('./commands/recreate.js');
      await recreate(database, command.optsWithGlobals());
    });

  program
    .command('rename')
    .argument('[names...]')
    .usage('[database] <to> [options]')
    .description('end the other sessions of a database and rename it')
    .addHelpText(
      'after',
      `\nOne name is the new name; the database is then the one the connection names.\n${examples(
        'rename app_dev app_old',
        'rename app_old -d postgres://localhost/app_dev',
      )}`,
    )
    .action(async (names: string[], _options: unknown, command: Command) => {
      const { rename } = await import('./commands/rename.js');
      await rename(splitNames(names, command), command.optsWithGlobals());
    });

  program
    .command('clone')
    .argument('[names...]')
    .usage('[database] <to> [options]')
    .description('end the other sessions of a database and copy it')
    .optionsGroup('Options:')
    .option('--if-not-exists', 'succeed when the copy exists')
    .option('--owner <role>', 'who owns the copy')
    .option('--keep-settings', 'also copy privileges, ALTER DATABASE SET, connection limit and comment')
    .option('--no-keep-settings', 'copy the content only (default)')
    .addHelpText(
      'after',
      `\nOne name is the copy's; the database is then the one the connection names.\n${examples(
        'clone app_dev app_copy',
        'clone app_copy -d postgres://localhost/app_dev',
      )}`,
    )
    .action(async (names: string[], _options: unknown, command: Command) => {
      const { clone } = await import('./commands/clone.js');
      await clone(splitNames(names, command), command.optsWithGlobals());
    });

  return program;
}

/** Shows the global options of a command in their groups, below its own. */
function withGlobalOptions(command: Command): Option[] {
  const own = Help.prototype.visibleOptions.call(new Help(), command);
  if (command.parent === null) return own;
  const flags = new Set(own.map((option) => option.flags));
  return [
    ...own.filter((option) => option.long !== '--help'),
    ...withGlobalOptions(command.parent).filter(
      (option) => !flags.has(option.flags) && option.long !== '--version',
    ),
    ...own.filter((option) => option.long === '--help'),
  ];
}

/** The two names of `rename` and `clone`; the first may be left out. */
export interface TwoNames {
  readonly database: string | undefined;
  readonly to: string;
}

function splitNames(names: readonly string[], command: Command): TwoNames {
  const [first = '', second] = names;
  if (names.length === 0) command.error(`error: the new name is missing. Expected: [database] <to>`);
  if (names.length > 2)
    command.error(`error: too many arguments for '${command.name()}'. Expected: [database] <to>`);
  return second === undefined ? { database: undefined, to: first } : { database: first, to: second };
}

function examples(...lines: string[]): string {
  return `\nExamples:\n${lines.map((line) => `  $ pg-evict ${line}`).join('\n')}`;
}
