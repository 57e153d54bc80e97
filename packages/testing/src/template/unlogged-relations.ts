import { PgEvictError, renameDatabase } from '@pg-evict/core';
import type { TestServer } from '../server/test-server.js';
import type { Template } from './template.js';
import { buildingName } from '../names/database-names.js';
import type { ServerSession } from '../session/server-session.js';

/** How many bytes there are in the unlogged relations of a database. Indexes keep a page after a crash. */
export async function sizeOfUnlogged(session: ServerSession): Promise<number> {
  const { rows } = await session.query<{ size: number }>(
    `SELECT coalesce(sum(pg_relation_size(oid)), 0)::float8 AS size FROM pg_class
     WHERE relpersistence = 'u' AND relkind IN ('r', 'm')`,
  );
  return rows[0]?.size ?? 0;
}

/** A run, as far as its template is concerned. */
export interface TemplateUser {
  readonly id: string;
  readonly server: TestServer;
  readonly template: Template;
}

/**
 * Checks whether a copy has the unlogged content of its template. When a server recovers from a crash, it empties
 * unlogged relations, in templates as well; such a template is renamed, so that it is built again.
 *
 * @throws {@link PgEvictError} `BLOCKED`
 */
export async function assertUnloggedIntact(run: TemplateUser, session: ServerSession): Promise<void> {
  const { name, hash, unlogged } = run.template;
  if (unlogged === 0 || (await sizeOfUnlogged(session)) === unlogged) return;
  // Another process may have been faster.
  await renameDatabase({ ...run.server.target, database: name }, buildingName(run.id, hash)).catch(
    () => undefined,
  );
  throw new PgEvictError(
    'BLOCKED',
    `Template "${name}" has lost the content of its unlogged tables, as the server has crashed.`,
    { database: name, hint: 'Run the tests again: they build a new one.' },
  );
}
