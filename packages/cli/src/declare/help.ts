import type { Command } from 'commander';

/** `help`, and other spellings of it. */
export function declareHelp(program: Command): void {
  program
    .command('help')
    .argument('[command]')
    .usage('[command]')
    .description('show help for a command')
    .action((name: string | undefined) => {
      if (name === undefined) {
        program.outputHelp();
        return;
      }
      const command = program.commands.find(
        (known) => known.name() === name || known.aliases().includes(name),
      );
      if (command === undefined) {
        program.error(`error: unknown command '${name}'`, { code: 'commander.unknownCommand' });
      } else command.outputHelp();
    });

  program.command('version', { hidden: true }).action(() => {
    process.stdout.write(`${program.version() ?? ''}\n`);
  });

  program.hook('preAction', (_program, command) => {
    refuseHelpAsName(command);
  });
}

/** Options that make it clear that a word is a name. */
const meansIt = ['yes', 'confirm', 'dryRun', 'json'];

/** `pg-evict create help` would create a database of that name, and `rename help` rename one. */
function refuseHelpAsName(command: Command): void {
  const { args } = command;
  const options = command.optsWithGlobals();
  if (args.length !== 1 || args[0] !== 'help' || command.name() === 'help') return;
  if (meansIt.some((name) => options[name] !== undefined)) return;
  command.error(
    `error: "help" is ambiguous. For help: pg-evict ${command.name()} --help. With ${meansIt.map((name) => `--${name === 'dryRun' ? 'dry-run' : name}`).join(', ')} it is the name of a database.`,
  );
}
