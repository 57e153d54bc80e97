import { Argument, type Command } from 'commander';
import { scriptFor, type Shell, shells } from '../completion/scripts.js';
import { examples } from '../options/examples.js';
import { paragraphs } from '../options/help-layout.js';

/** `completion`. */
export function declareCompletion(program: Command): void {
  program
    .command('completion')
    .addArgument(new Argument('<shell>', 'the shell').choices(shells))
    .usage('bash|zsh|fish')
    .description('print the script that completes commands, options and names of databases')
    .addHelpText(
      'after',
      `${paragraphs(
        `Names of databases come from the server of the options and the configuration. If it does not answer within
        300 ms, no names are offered; PG_EVICT_COMPLETION_MS sets another limit. The shell has to find the command:
        npm install --global pg-evict.`,
      )}

Put this into ~/.bashrc:
  eval "$(pg-evict completion bash)"
Put this into ~/.zshrc, after compinit:
  eval "$(pg-evict completion zsh)"
Put this into ~/.config/fish/config.fish:
  pg-evict completion fish | source
${examples('completion bash', 'completion zsh', 'completion fish')}`,
    )
    .action((shell: Shell) => {
      process.stdout.write(scriptFor[shell]);
    });
}
