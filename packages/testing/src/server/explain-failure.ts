import type { ResolvedConfiguration } from '@pg-evict/config';
import { describeConnectionOrigin } from '@pg-evict/config/internal';
import { createDatabase, isPgEvictError, PgEvictError } from '@pg-evict/core';
import { withoutHint } from '@pg-evict/core/internal/text';
import type { TestServer } from './test-server.js';

/**
 * Completes the error of a run that could not begin: where the connection is from, or which privilege the role lacks.
 *
 * @param server `undefined` if it could not be opened
 */
export async function explainFailure(
  error: unknown,
  configuration: ResolvedConfiguration,
  server?: TestServer,
): Promise<unknown> {
  if (!isPgEvictError(error)) return error;
  if (error.code === 'PERMISSION_DENIED' && server !== undefined) return explainDenial(error, server);
  const isOurs = server !== undefined && server.kind !== 'connection';
  // Whoever has passed the URL knows it.
  const isPassed = configuration.connection.source.kind === 'url';
  return error.code !== 'CONNECTION_FAILED' || isOurs || isPassed ? error : withOrigin(error, configuration);
}

/** core's error tells a role that may not create databases how to get the privilege. Nothing is created. */
async function explainDenial(error: PgEvictError, { target }: TestServer): Promise<PgEvictError> {
  const database = 'pg_evict_test';
  try {
    await createDatabase({ ...target, database }, { dryRun: true, ifNotExists: true });
    return error;
  } catch (better) {
    if (!isPgEvictError(better)) return error;
    const summary = withoutHint(better).replace(
      `Database "${database}" was not created`,
      'No test database was created',
    );
    return new PgEvictError(better.code, summary, { hint: better.hint ?? undefined, cause: error });
  }
}

function withOrigin(error: PgEvictError, configuration: ResolvedConfiguration): PgEvictError {
  const { code, hint, sqlState } = error;
  const origin = `The connection is from ${describeConnectionOrigin(configuration)}.`;
  return new PgEvictError(code, withoutHint(error), {
    hint: hint === null ? origin : `${hint} ${origin}`,
    sqlState: sqlState ?? undefined,
    cause: error,
  });
}
