import type { ResolvedConfiguration } from '@pg-evict/config';
import { isBuiltIn, misleadingVariables } from '@pg-evict/core/internal';
import { FillingGuard, type Guarded } from '../fill/guard.js';
import type { FillingJob } from '../fill/job.js';
import { runFillingProcess } from '../fill/run-filling-process.js';
import type { DatabaseAddress } from '../server/database-address.js';

/** The configured database, to which code that fills a template may not write. */
export interface ConfiguredDatabase {
  /** `undefined` where none is configured. */
  readonly database: string | undefined;
  readonly forbidden: Guarded['forbidden'];
  /** Whether it is the knexfile that names it. */
  readonly isKnexfiles: boolean;
}

/** Variables that would lead a process to another server or database than the variables beside them. */
const misleading = new Set([...misleadingVariables, 'PGPASSWORD']);

/** Determines which database is configured. It is not forbidden if it is the maintenance database itself. */
export function configuredDatabase({ connection, target }: ResolvedConfiguration): ConfiguredDatabase {
  const { kind } = connection.source;
  const database = kind === 'defaults' ? undefined : target.database;
  const isOwn = database !== undefined && !isBuiltIn(database) && database !== target.maintenanceDatabase;
  return {
    database: isOwn ? database : undefined,
    forbidden: isOwn ? [{ database, connection: connection.settings }] : [],
    isKnexfiles: kind === 'knexfile',
  };
}

/**
 * Fills a template in a process of its own, in which nothing is loaded yet, whose variables lead to the template, and
 * which is refused a connection to the configured database.
 *
 * @throws {@link PgEvictError} `REFUSED` for that, `ABORTED`, and the error of the filling
 */
export async function fillTemplate(
  job: FillingJob,
  cwd: string,
  address: DatabaseAddress,
  { forbidden }: ConfiguredDatabase,
  signal: AbortSignal | undefined,
): Promise<void> {
  const guard = await FillingGuard.of({
    forbidden,
    because: 'which is the configured one, while a template for tests is filled',
    hint:
      job.kind === 'command'
        ? 'Have it read DATABASE_URL, or PGHOST, PGPORT, PGUSER, PGPASSWORD and PGDATABASE.'
        : 'Have it read DATABASE_URL, use the knex or the URL that is passed in, or wrap the knexfile (withPgEvict).',
  });
  const inherited = Object.entries(process.env).filter(([name]) => !misleading.has(name));
  const env = {
    ...Object.fromEntries(inherited),
    ...address.environment,
    // A wrapped knexfile follows it, regardless of its own settings.
    PG_EVICT_TEST_DATABASE_URL: address.url,
  };
  try {
    await runFillingProcess(job, '', { env, cwd, guard, signal, stdin: 'ignore', stdout: 'stderr' });
  } finally {
    guard.remove();
  }
}
