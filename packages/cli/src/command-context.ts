import type { ResolvedConnection } from '@pg-evict/config';
import type { DeadlineOptions, Target } from '@pg-evict/core';
import type { EndingOptions } from './ending-options.js';
import { PgEvictError, resolveConnection } from './engine.js';
import type { GlobalOptions } from './global-options.js';
import type { Interrupts } from './interrupts.js';

/** What a command works with. */
export interface CommandContext {
  readonly target: Target;
  /** The connection, and where it comes from. */
  readonly connection: ResolvedConnection;
  readonly options: GlobalOptions & EndingOptions;
  readonly interrupts: Interrupts;
  /** `--timeout` and the signal of Ctrl-C, for core. */
  readonly deadline: DeadlineOptions;
}

/** Resolves the connection and the database a command is about. */
export async function createContext(
  database: string | undefined,
  options: GlobalOptions & EndingOptions,
  interrupts: Interrupts,
): Promise<CommandContext> {
  assertName(database);
  assertUrl(options.url);
  const connection = await resolveConnection({
    url: options.url,
    host: options.host,
    port: options.port,
    user: options.username,
  });
  return {
    target: {
      connection: connection.settings,
      database: database ?? connection.settings.database,
      maintenanceDatabase: options.maintenanceDb,
    },
    connection,
    options,
    interrupts,
    deadline: { timeoutMs: options.timeout, signal: interrupts.signal },
  };
}

/** Refuses a URL where a name belongs: its password would end up in messages. */
export function assertName(name: string | undefined): void {
  if (name === undefined || !/^[a-z]+:\/\//i.test(name)) return;
  throw new PgEvictError('CONFIG_INVALID', 'The database is given as a URL.', {
    hint: 'Give a URL with -d (--url), or better in DATABASE_URL.',
  });
}

/** `-d` takes a name in psql and a URL here. */
function assertUrl(url: string | undefined): void {
  if (url === undefined || url.includes('://') || url.startsWith('/') || url === '') return;
  // Anything else may be a "host=… password=…" string and is not repeated.
  const name = /^[\w.-]+$/.test(url) ? url : '<database>';
  throw new PgEvictError(
    'CONFIG_INVALID',
    '-d (--url) takes a postgres:// URL here, not the name of a database.',
    {
      hint: `Give the name as an argument: pg-evict <command> ${name}`,
    },
  );
}
