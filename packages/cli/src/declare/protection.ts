import type { Command } from 'commander';
import { examples } from '../options/examples.js';

/** `protect` and `unprotect`. */
export function declareProtection(program: Command): void {
  program
    .command('protect')
    .argument('[database]')
    .usage('[database] [options]')
    .description('make every pg-evict, on every machine, refuse to change a database')
    .optionsGroup('Options:')
    .option('--reason <text>', 'shown in the refusal (default: the current reason)')
    .addHelpText('after', examples("protect app --reason 'production; ask ops'"))
    .action(async (database: string | undefined, _options: unknown, command: Command) => {
      const { protect } = await import('../commands/protect.js');
      await protect(database, command.optsWithGlobals());
    });

  program
    .command('unprotect')
    .argument('[database]')
    .usage('[database] [options]')
    .description('remove the protection of a database')
    .addHelpText('after', examples('unprotect app', 'unprotect app_dev --yes'))
    .action(async (database: string | undefined, _options: unknown, command: Command) => {
      const { unprotect } = await import('../commands/unprotect.js');
      await unprotect(database, command.optsWithGlobals());
    });
}
