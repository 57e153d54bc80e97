import type { Command } from 'commander';
import { addOperationOptions } from '../options/ending.js';
import { examples } from '../options/examples.js';
import { paragraphs } from '../options/help-layout.js';
import { splitCommand } from '../options/positionals.js';
import { addRemedyOptions } from '../options/remedy.js';

/** `run`. */
export function declareRun(program: Command): void {
  const run = program
    .command('run')
    .argument('[words...]')
    .usage('[database] [options] -- <command…>')
    .description('run a command while no other client can connect to the database')
    .optionsGroup('Options:');
  addOperationOptions(run);
  addRemedyOptions(run, ['rollbackPrepared'])
    .addHelpText(
      'after',
      `${paragraphs(
        `The command finds the database in DATABASE_URL and in PGHOST, PGPORT, PGUSER, PGPASSWORD and PGDATABASE, under
        a private name. PG_EVICT_DATABASE holds its real name. Signals go to the command, and its exit code is that of
        pg-evict. If you pass --timeout, it limits the command too: SIGTERM, and SIGKILL 5 s later.`,
      )}
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
}
