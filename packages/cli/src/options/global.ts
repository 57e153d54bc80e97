import { readFileSync } from 'node:fs';
import { type Command, Option } from 'commander';
import { parseDuration, wholeNumber } from './parse.js';

/** The options that every command takes. */
export interface GlobalOptions {
  readonly url?: string;
  readonly host?: string;
  readonly port?: number;
  readonly username?: string;
  readonly maintenanceDb?: string;
  readonly pooler?: readonly string[];
  readonly config?: string;
  readonly env?: string;
  readonly knexfile?: string;
  readonly timeout?: number;
  readonly dryRun?: true;
  readonly yes?: true;
  readonly confirm?: string;
  readonly json?: true;
  readonly quiet?: true;
  readonly verbose?: true;
  readonly wide?: true;
}

/** Adds the options that every command takes. */
export function addGlobalOptions(program: Command): void {
  program
    .optionsGroup('Connection:')
    .option('-d, --url <url>', 'postgres:// URL of the database; DATABASE_URL keeps its password out of `ps`')
    .option('-h, --host <host>', 'server, or directory of its Unix socket; DATABASE_URL is then ignored')
    .addOption(
      new Option('-p, --port <port>', 'port; DATABASE_URL is then ignored').argParser(wholeNumber(1, 65_535)),
    )
    .option('-U, --username <role>', 'role to log in as')
    .option(
      '--maintenance-db <name>',
      'database that administrative commands connect to (default: postgres, else template1)',
    )
    .addOption(
      new Option(
        '--pooler <url>',
        'admin console of a PgBouncer; its clients wait instead of failing: postgres://admin@host:6432; repeatable',
      ).argParser((url: string, previous?: readonly string[]) => [...(previous ?? []), url]),
    )
    .option('--config <file>', 'configuration file (default: the nearest one in this or a parent directory)')
    .option('--knexfile <file>', 'knexfile whose connection is used instead of the configured one')
    .option('--env <name>', 'environment in the configuration and the knexfile (default: NODE_ENV)')
    .optionsGroup('Options of every command:')
    .addOption(
      new Option(
        '--timeout <duration>',
        'maximum duration of the operation: 500ms, 30s, 2m, 1h; a bare number is milliseconds (default: 30s)',
      ).argParser(parseDuration),
    )
    .option('--dry-run', 'show which sessions would be terminated and what would be done; change nothing')
    .option('-y, --yes', 'do not ask; enough for a person, on this machine, outside production')
    .option('--confirm <database>', 'do not ask; enough everywhere, because it names the database')
    .option('--json', 'print one JSON document')
    .option('--quiet', 'print nothing but errors')
    .option(
      '--verbose',
      'print the connection and its origin, and each statement with its duration, on stderr',
    )
    .option('--wide', 'show every column of a list of sessions, in long lines')
    .option('--no-color', 'no colour; as NO_COLOR=1')
    .helpOption('--help', 'show help')
    .version(version(), '-V, --version', 'show the version');
}

function version(): string {
  const file = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(file) as { version: string }).version;
}
