import { loadKnexfile } from '@pg-evict/config';
import { loadMigrationFile } from '@pg-evict/config/internal';
import { flattenConnection } from '@pg-evict/core/internal';
import { migrateSuccessor, planMigrations } from '@pg-evict/knex/internal';
import { printable } from '../leaks/printable.js';
import type { FilledByKnex, FromFillingProcess, KnexJob } from './job.js';
import { openProjectKnex } from './project-knex.js';

/**
 * Runs the migrations and seeds of the project's knexfile in this process.
 *
 * @throws {@link PgEvictError} `CONFIG_INVALID` before anything is changed, `UNEXPECTED` when a migration failed,
 * `ABORTED`
 */
export async function fillWithKnex(
  { knexfile, env, seed, database, connection: sent, isKnexfiles, state }: KnexJob,
  signal: AbortSignal,
  say: (message: FromFillingProcess) => void,
): Promise<FilledByKnex> {
  const { log, ...config } = await loadKnexfile(knexfile, env);
  const { connection: given } = config;
  const connection = { ...sent, ssl: withFunctionsOf(given, sent.ssl) };
  const knex = openProjectKnex(
    knexfile,
    { ...config, log: { ...quietLog, ...(log as object | undefined) } },
    connection,
  );
  const planned = await planMigrations(knex, { seed });
  const provider = given as () => Promise<object | string> | object | string;
  let done = 0;
  let startedAt = performance.now();
  return migrateSuccessor(knex, {
    database,
    connection,
    // Only the command fills a database that has another name meanwhile.
    inPlace: '--in-place',
    provider:
      typeof given === 'function' && isKnexfiles
        ? async () => {
            const provided = await provider();
            return typeof provided === 'string' ? flattenConnection(provided) : provided;
          }
        : undefined,
    state,
    seed,
    signal,
    loadFile: async (file) => {
      const loaded = await loadMigrationFile(file);
      // knex asks for each once more right before it runs it.
      startedAt = performance.now();
      return loaded;
    },
    onMigration: (name) => {
      done += 1;
      say({ migrated: name, done, of: planned.migrations.length, tookMs: performance.now() - startedAt });
      startedAt = performance.now();
    },
    onSession: (session) => say({ session }),
  });
}

/** TLS options as they were sent, with the functions among the knexfile's, which cannot be sent. */
function withFunctionsOf(
  connection: unknown,
  ssl: boolean | object | undefined,
): boolean | object | undefined {
  const given = (Object(connection) as { readonly ssl?: unknown }).ssl;
  if (typeof ssl !== 'object' || typeof given !== 'object' || given === null) return ssl;
  const functions = Object.entries(given).filter(([, value]) => typeof value === 'function');
  return { ...Object.fromEntries(functions), ...ssl };
}

/** knex logs to stdout; a failing migration is reported anyway. */
const quietLog = {
  debug: toStderr,
  warn: (message: unknown): void => {
    if (!/^migration (?:file ".*" )?failed/.test(String(message))) toStderr(message);
  },
  error: toStderr,
  deprecate: toStderr,
};

function toStderr(message: unknown): void {
  process.stderr.write(`knex: ${printable(String(message))}\n`);
}
