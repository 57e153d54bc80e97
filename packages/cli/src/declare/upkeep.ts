import type { Command } from 'commander';
import { examples } from '../options/examples.js';
import { paragraphs } from '../options/help-layout.js';

/** `sweep`, `doctor` and `init`. */
export function declareUpkeep(program: Command): void {
  program
    .command('sweep')
    .usage('[options]')
    .description('drop the test databases that finished test runs left behind')
    .optionsGroup('Options:')
    .option('--kept', 'also the databases of failed test files that were kept less than a week ago')
    .option('--templates', 'also unused templates, even if a run used them recently')
    .addHelpText(
      'after',
      `${paragraphs(
        `Drops only databases that @pg-evict/testing created, and none of a run that is still active, on any machine.
        --timeout applies to each of them: one that takes longer, because another session has it locked, stays, and the
        exit code is 5.`,
      )}\n${examples('sweep --dry-run', 'sweep --kept --templates', 'sweep --json')}`,
    )
    .action(async (_options: unknown, command: Command) => {
      const { sweep } = await import('../commands/sweep.js');
      await sweep(command.optsWithGlobals());
    });

  program
    .command('doctor')
    .argument('[database]')
    .usage('[database] [options]')
    .description('check connection, privileges, protection, blockers and leftovers')
    .optionsGroup('Options:')
    .option('--fix', 'clean up after operations whose process was killed')
    .addHelpText('after', examples('doctor app_dev', 'doctor --fix', 'doctor app_dev --json'))
    .action(async (database: string | undefined, _options: unknown, command: Command) => {
      const { doctor } = await import('../commands/doctor.js');
      await doctor(database, command.optsWithGlobals());
    });

  program
    .command('init')
    .usage('[options]')
    .description('write a configuration file that matches the project')
    .addHelpText('after', examples('init', 'init --dry-run'))
    .action(async (_options: unknown, command: Command) => {
      const { init } = await import('../commands/init.js');
      await init(command.optsWithGlobals());
    });
}
