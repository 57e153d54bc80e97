import { type Command, Option } from 'commander';
import { addEndingOptions } from '../options/ending.js';
import { examples } from '../options/examples.js';
import { addFilterOptions } from '../options/filter.js';
import { parseExcept, parseInterval } from '../options/parse.js';

/** `sessions` and `terminate`. */
export function declareSessionCommands(program: Command): void {
  const sessions = program
    .command('sessions')
    .aliases(['ls', 'ps', 'list'])
    .argument('[database]')
    .usage('[database] [options]')
    .description('list the sessions of a database, and which of them wait for others (also: ls, ps)')
    .optionsGroup('Options:')
    .option('--watch', 'refresh the list in place until Ctrl-C')
    .addOption(
      new Option('--interval <duration>', 'how often --watch refreshes')
        .default(2000, '2s')
        .argParser(parseInterval),
    )
    .addOption(
      new Option(
        '--except <pattern>',
        'mark the sessions that terminate --except would not terminate',
      ).argParser(parseExcept),
    );
  addFilterOptions(sessions)
    .addHelpText(
      'after',
      examples(
        'sessions app_dev',
        'sessions app_dev --watch --idle-in-transaction 1m',
        'sessions app_dev --root-blockers',
        "sessions app_dev --json | jq '.sessions[].pid'",
      ),
    )
    .action(async (database: string | undefined, _options: unknown, command: Command) => {
      const { sessions: list } = await import('../commands/sessions.js');
      await list(database, command.optsWithGlobals());
    });

  const terminate = program
    .command('terminate')
    .argument('[database]')
    .usage('[database] [options]')
    .description('terminate the other sessions of a database, or those that match the filters')
    .optionsGroup('Options:')
    .option('--cancel', 'cancel their queries and leave them connected');
  addEndingOptions(terminate);
  addFilterOptions(terminate)
    .addHelpText(
      'after',
      examples(
        'terminate app_dev --dry-run',
        "terminate app_dev --grace 5s --except 'pgAdmin*'",
        'terminate app_dev --idle-in-transaction 5m --user app',
        'terminate app_dev --root-blockers --blocking-table public.orders',
        'terminate app_dev --query-longer-than 30s --cancel',
      ),
    )
    .action(async (database: string | undefined, _options: unknown, command: Command) => {
      const { terminate: end } = await import('../commands/terminate.js');
      await end(database, command.optsWithGlobals());
    });
}
