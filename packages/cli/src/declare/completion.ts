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
        `Names of databases come from the server that the options and the configuration lead to. Where it does not
        answer within 300 ms (PG_EVICT_COMPLETION_MS says it otherwise), none are offered.`,
      )}

Put this into ~/.bashrc or ~/.zshrc:
  eval "$(pg-evict completion bash)"
  eval "$(pg-evict completion zsh)"
Put this into ~/.config/fish/config.fish:
  pg-evict completion fish | source
${examples('completion bash', 'completion zsh', 'completion fish')}`,
    )
    .action((shell: Shell) => {
      process.stdout.write(scriptFor[shell]);
    });
}
