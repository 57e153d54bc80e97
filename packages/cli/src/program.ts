import { Command, Help, type Option } from 'commander';
import { declareCompletion } from './declare/completion.js';
import { declareHelp } from './declare/help.js';
import { declareOperations } from './declare/operations.js';
import { declareProtection } from './declare/protection.js';
import { declareRun } from './declare/run.js';
import { declareSessionCommands } from './declare/sessions.js';
import { declareUpkeep } from './declare/upkeep.js';
import { addGlobalOptions } from './options/global.js';
import { formatItem, helpWidth, paragraphs, wrapHelp } from './options/help-layout.js';
import { wantsColor } from './terminal/color.js';

/**
 * The command line. Only the modules for parsing it and for showing help are loaded here; each action loads its
 * command, and with it core and the driver.
 */
export function createProgram(): Command {
  const program = new Command('pg-evict')
    .description(
      'Terminates all other sessions on a PostgreSQL database, without a race, before it is dropped, replaced or renamed.',
    )
    .usage('<command> [database] [options]')
    .exitOverride()
    .configureHelp({
      styleTitle: (title) => `\u001B[1m${title}\u001B[22m`,
      subcommandTerm: (command) => `${command.name()} ${command.usage()}`.replace(' [options]', ''),
      visibleOptions: withGlobalOptions,
      formatItem,
    })
    .configureOutput({
      // Usage errors are printed by reportUsage, which handles --json and passwords.
      outputError: () => undefined,
      writeOut: (text) => process.stdout.write(wrapHelp(text, helpWidth(process.stdout))),
      writeErr: (text) => process.stderr.write(wrapHelp(text, helpWidth(process.stderr))),
      getOutHelpWidth: () => helpWidth(process.stdout),
      getErrHelpWidth: () => helpWidth(process.stderr),
      getOutHasColors: () => wantsColor(process.stdout),
      getErrHasColors: () => wantsColor(process.stderr),
    })
    .helpCommand(false);
  addGlobalOptions(program);
  program.addHelpText(
    'after',
    paragraphs(
      `The database is the one in the connection settings, unless you pass [database]. pg-evict uses the first connection
      it finds in this order: --url; -h, -p, -U; --knexfile; the configuration file; the knexfile it names; DATABASE_URL;
      libpq's variables (PGHOST, PGSERVICE, …), .pgpass and service file.`,
      `Exit codes: 0 done, 1 unexpected, 2 usage or configuration, 3 refused, 4 sessions remain, 5 blocked by something
      else, 6 cannot connect, 7 database missing or already there, 8 timeout, 130 interrupted.`,
    ),
  );

  declareSessionCommands(program);
  declareOperations(program);
  declareRun(program);
  declareProtection(program);
  declareUpkeep(program);
  declareCompletion(program);
  declareHelp(program);
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
