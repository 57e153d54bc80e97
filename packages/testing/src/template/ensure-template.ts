import { PgEvictError, renameDatabase } from '@pg-evict/core';
import { copiesFilesSql, quoteIdentifier, sqlStateOf } from '@pg-evict/core/internal';
import { commentStatement, dayOf, readComment, templateComment } from '../names/database-comments.js';
import { buildingName, templateName } from '../names/database-names.js';
import { addressOf } from '../server/database-address.js';
import { dropTestDatabase } from '../server/drop-database.js';
import type { TestServer } from '../server/test-server.js';
import type { AdvisoryLock } from '../session/advisory-locks.js';
import { endSessions } from '../session/end-sessions.js';
import { failureOf } from '../session/error.js';
import type { MaintenanceSession } from '../session/maintenance-session.js';
import { ServerSession } from '../session/server-session.js';
import { readSurroundings } from '../session/surroundings.js';
import { digest } from './hash-files.js';
import type { Template, TemplateSource } from './template.js';
import { sizeOfUnlogged } from './unlogged-relations.js';
import { vacuumTemplate } from './vacuum-template.js';

/** Changes when the way templates are built changes. */
const formatVersion = '4';

/** The maximum time that another session may hold the lock of a template if no database shows that it builds one. */
const idleBuilderMs = 10_000;

/** Whether a run that lives is building the template; that may take any time. */
async function isBeingBuilt(control: MaintenanceSession, hash: string): Promise<boolean> {
  const query = `SELECT FROM pg_database WHERE datname LIKE 'pg\\_evict\\_building\\_%' AND right(datname, 17) = $1`;
  return (await control.query(query, [`_${hash}`])).rows.length > 0;
}

interface TemplateRow {
  readonly comment: string | null;
  readonly hasSettings: boolean;
  readonly copiesFiles: boolean;
  readonly owner: string;
  /** Whether its owner is a role that would have made it, or a superuser. */
  readonly trusted: boolean;
}

/** A template, if it exists. $1 its name, $2 the role that tests connect as, if it is named. */
const findQuery = `
SELECT shobj_description(oid, 'pg_database') AS comment, datacl IS NOT NULL OR datconnlimit <> -1
  OR EXISTS (SELECT FROM pg_db_role_setting WHERE setdatabase = d.oid) AS "hasSettings",
  ${copiesFilesSql('d.oid')} AS "copiesFiles",
  pg_get_userbyid(datdba) AS owner, pg_get_userbyid(datdba) IN (current_user, $2)
    OR coalesce((SELECT rolsuper FROM pg_roles r WHERE r.oid = d.datdba), false) AS trusted
FROM pg_database d WHERE datname = $1 AND datistemplate AND NOT datallowconn`;

/**
 * Makes sure that the template for a source exists, and takes the lock that says that this run uses it. The template is
 * built once for each hash of content, server version and role, by one of all processes that ask at once, on any
 * machine; the others wait. It is built under a private name, which is not used elsewhere, and gets its own when it is
 * finished and fenced: marked as a template, no connections allowed.
 *
 * Needs CREATEDB.
 *
 * @param signal ends the filling
 * @throws {@link PgEvictError} with the code of the failure; nothing is left then
 */
export async function ensureTemplate(
  control: MaintenanceSession,
  server: TestServer,
  runId: string,
  source: TemplateSource,
  signal?: AbortSignal,
): Promise<Template> {
  const { rows } = await control.query<{ version: string; mayCreate: boolean }>(
    `SELECT current_setting('server_version_num') AS version, rolsuper OR rolcreatedb AS "mayCreate"
     FROM pg_roles WHERE rolname = current_user`,
  );
  if (rows[0]?.mayCreate === false) {
    throw new PgEvictError(
      'PERMISSION_DENIED',
      'Our role may not create databases, which each worker needs.',
    );
  }
  const owner = server.connection.user ?? '';
  const hash = digest([formatVersion, rows[0]?.version ?? '', owner, source.hash]).slice(0, 16);
  const uses: AdvisoryLock = { kind: 'template', of: hash, shared: true };
  const builds: AdvisoryLock = { kind: 'build', of: hash, shared: false };
  await control.hold(uses);
  try {
    const found = await findTemplate(control, server, hash, source);
    if (found !== undefined) return found;
    const built = await control.holdUnless(
      builds,
      `the template ${templateName(hash)} is being built`,
      idleBuilderMs,
      async () => findTemplate(control, server, hash, source),
      async () => isBeingBuilt(control, hash),
    );
    if (built !== undefined) return built;
    try {
      // The previous holder of the lock may have built it.
      return (
        (await findTemplate(control, server, hash, source)) ??
        (await buildTemplate(control, server, runId, hash, source, signal))
      );
    } finally {
      await control.release(builds);
    }
  } catch (error) {
    await control.release(uses).catch(() => undefined);
    throw error;
  }
}

async function findTemplate(
  control: MaintenanceSession,
  { connection: { user } }: TestServer,
  hash: string,
  { reused }: TemplateSource,
): Promise<Template | undefined> {
  const name = templateName(hash);
  const { rows } = await control.query<TemplateRow>(findQuery, [name, user ?? null]);
  const [row] = rows;
  if (row === undefined) return undefined;
  if (!row.trusted) throw ofAnotherRole(name, row.owner);
  const { comment, day, unlogged } = readComment(row.comment);
  const today = new Date();
  if (day !== dayOf(today)) {
    // Another process may be setting the same comment at this moment, or another role may own the template: both are
    // fine.
    await control
      .query(commentStatement(name, templateComment({ comment, unlogged, ofOneRun: !reused }, today)))
      .catch(() => undefined);
  }
  const { copiesFiles } = row;
  const hasSettings = row.hasSettings || comment !== null;
  return { name, hash, reused, comment, copiesFiles, unlogged, hasSettings };
}

async function buildTemplate(
  control: MaintenanceSession,
  server: TestServer,
  runId: string,
  hash: string,
  source: TemplateSource,
  signal: AbortSignal | undefined,
): Promise<Template> {
  const name = buildingName(runId, hash);
  const database = quoteIdentifier(name);
  const { target } = server;
  try {
    const owner = server.connection.user;
    const ownedBy =
      owner === undefined || owner === target.connection.user ? '' : ` OWNER ${quoteIdentifier(owner)}`;
    await control.query(`CREATE DATABASE ${database}${ownedBy}`);
    await source.fill(addressOf(server, name), signal);
    const unlogged = await finish(server, name);
    await warm(server, name);
    const { rows } = await control.query<Pick<TemplateRow, 'comment'>>(
      `SELECT shobj_description(oid, 'pg_database') AS comment FROM pg_database WHERE datname = $1`,
      [name],
    );
    const comment = rows[0]?.comment ?? null;
    const labelled = templateComment({ comment, unlogged, ofOneRun: !source.reused }, new Date());
    await control.query(commentStatement(name, labelled));
    await control.query(`ALTER DATABASE ${database} IS_TEMPLATE true ALLOW_CONNECTIONS false`);
    await renameDatabase({ ...target, database: name }, templateName(hash)).catch((error: unknown) => {
      // A process on another maintenance database, where our lock is not seen, was faster.
      if ((error as { code?: unknown }).code !== 'DATABASE_EXISTS') throw error;
    });
    const built = await findTemplate(control, server, hash, source);
    if (built === undefined) throw notATemplate(templateName(hash));
    await dropTestDatabase(control, target, name);
    return built;
  } catch (error) {
    await dropTestDatabase(control, target, name).catch(() => undefined);
    throw failureOf(error, `The template for tests was not built from ${source.description}`, {
      sqlState: sqlStateOf(error),
    });
  }
}

/** Every role that may create databases can create one of this name, with any content. */
function ofAnotherRole(name: string, owner: string): PgEvictError {
  return new PgEvictError(
    'REFUSED',
    `The template "${name}" belongs to "${owner}", a role that tests do not use: what is in it is not known.`,
    { database: name, hint: `To have it built again, drop it: pg-evict drop ${name} --unset-template` },
  );
}

/** It was changed, or a DROP of it was interrupted: its content is unknown. */
function notATemplate(name: string): PgEvictError {
  return new PgEvictError(
    'BLOCKED',
    `Database "${name}" is in its place, but connections to it are allowed, or it is not marked as a template.`,
    { database: name, hint: `To have it built again, drop it: pg-evict drop ${name} --unset-template` },
  );
}

/**
 * The first session on a database writes a file that saves the later ones some 25 ms (`pg_internal.init`,
 * src/backend/utils/cache/relcache.c), and copies of the database's files have it, too. VACUUM removes it.
 */
async function warm({ target }: TestServer, name: string): Promise<void> {
  const session = await ServerSession.open(target.connection, name);
  await session.close();
}

/** Terminates the sessions that the filling has left, and vacuums. Returns the size of its unlogged relations. */
async function finish({ target }: TestServer, name: string): Promise<number> {
  const session = await ServerSession.open(target.connection, name);
  try {
    await endSessions(session, 100);
    const { prepared } = await readSurroundings(session);
    if (prepared.length > 0) {
      throw new PgEvictError('BLOCKED', `Prepared transactions are left: ${prepared.join(', ')}.`, {
        hint: 'Commit what fills the template.',
      });
    }
    await vacuumTemplate(session);
    return await sizeOfUnlogged(session);
  } finally {
    await session.close();
  }
}
