import { relative } from 'node:path';
import type { ResolvedConfig, ResolvedConfiguration, ResolvedConnection } from '@pg-evict/config';
import type { DeadlineOptions, Target } from '@pg-evict/core';
import { createColors } from 'picocolors';
import { type Ending, type EndingOptions, toEnding } from '../options/ending.js';
import type { GlobalOptions } from '../options/global.js';
import type { UndoFlags } from '../options/undo.js';
import { wantsColor } from '../terminal/color.js';
import type { Interrupts } from '../terminal/interrupts.js';
import { printable } from '../terminal/printable.js';
import { divertStdout } from '../terminal/stdout.js';
import { loadConfig, PgEvictError, resolveTarget, sharedDeadline } from './engine.js';

/** The resources that a command works with. */
export interface CommandContext {
  readonly target: Target;
  /** The connection, and its origin. */
  readonly connection: ResolvedConnection;
  /** The configuration file, and the origins of its settings and of the connection. */
  readonly configuration: Pick<ResolvedConfiguration, 'config' | 'filepath' | 'env' | 'knexfile' | 'sources'>;
  readonly options: GlobalOptions & EndingOptions & UndoFlags;
  /** `--grace` and `--except` or the configured values, for core. */
  readonly ending: Ending;
  /** `confirm` of the configuration. */
  readonly confirm: ResolvedConfiguration['confirm'];
  /** `undo` of the configuration. */
  readonly undo: ResolvedConfiguration['undo'];
  readonly interrupts: Interrupts;
  /**
   * `--timeout` or the configured value, and the signal of Ctrl-C, for core. All operations of a command share this time.
   */
  readonly deadline: DeadlineOptions & { readonly timeoutMs: number };
  /** The same for a command that repeats itself, or works on several databases: each time has its own. */
  readonly deadlineEach: CommandContext['deadline'];
}

const thirtySecondsMs = 30_000;

/** Properties of a command. */
export interface ContextOptions {
  /** Whether to search upward for a knexfile if none is named. @default false */
  readonly searchesKnexfile?: boolean | ((config: ResolvedConfig) => boolean);
  /**
   * Changes nothing and terminates no session. So it goes on if a directory cannot be searched for a configuration, as
   * psql would: nothing is lost if protections in such a configuration are not heeded. @default false
   */
  readonly readsOnly?: boolean;
}

/** Resolves the connection and the database of a command. */
export async function createContext(
  database: string | undefined,
  options: GlobalOptions & EndingOptions & UndoFlags,
  interrupts: Interrupts,
  { readsOnly = false, searchesKnexfile = false }: ContextOptions = {},
): Promise<CommandContext> {
  assertName(database);
  assertUrl(options.url);
  const files = { path: options.config, env: options.env };
  const resolved = await divertStdout(options, async () =>
    resolveTarget({
      ...files,
      knexfile:
        options.knexfile ??
        ((typeof searchesKnexfile === 'boolean'
          ? searchesKnexfile
          : searchesKnexfile((await loadConfig(files)).config)) ||
          undefined),
      url: options.url,
      host: options.host,
      port: options.port,
      user: options.username,
      database,
      maintenanceDatabase: options.maintenanceDb,
      poolers: options.pooler?.map((url) => ({ url })),
      onUnreadable: readsOnly ? (folder) => warnOfUnreadable(folder, options) : undefined,
    }),
  );
  const { config, confirm, connection, sessions, target, undo, filepath, env, knexfile, sources } = resolved;
  const deadlineEach = {
    timeoutMs: options.timeout ?? sessions.timeoutMs ?? thirtySecondsMs,
    signal: interrupts.signal,
  };
  return {
    target,
    connection,
    configuration: { config, filepath, env, knexfile, sources },
    options: leadingTo(resolved, options),
    ending: toEnding(options, sessions),
    confirm,
    undo,
    interrupts,
    deadline: sharedDeadline(deadlineEach),
    deadlineEach,
  };
}

/** Options that lead every command to the same server: not all of them search for a knexfile. */
function leadingTo<Options extends GlobalOptions>(
  { config, connection: { source }, knexfile }: ResolvedConfiguration,
  options: Options,
): Options {
  const isFound = source.kind === 'knexfile' && knexfile !== null && config.knexfile === undefined;
  return isFound && options.knexfile === undefined
    ? { ...options, knexfile: relative(process.cwd(), knexfile) }
    : options;
}

function warnOfUnreadable(folder: string, { quiet }: GlobalOptions): void {
  if (quiet === true) return;
  const { yellow } = createColors(wantsColor(process.stderr));
  process.stderr.write(
    `${yellow('warning:')} ${printable(folder)} cannot be read, and may have a configuration; going on without it.\n`,
  );
}

/** Refuses a URL in place of a name: its password would end up in messages. */
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
