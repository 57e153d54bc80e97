import type { ResolvedTarget } from '../connection/target.js';
import { placeOf } from '../connection/url.js';
import { errorWithRemedies } from '../contract/error.js';
import type { Remedy } from '../contract/remedy.js';
import { matchesGlob } from '../text/glob.js';
import { isBuiltIn } from '../text/identifier.js';

/** Why a database may never be touched. */
interface Guard {
  readonly code: 'PROTECTED' | 'REFUSED';
  /** Follows the database's name in a sentence. */
  readonly why: string;
  readonly remedy: Remedy;
}

/**
 * The reason why a database is protected regardless of its label; `undefined` if there is none. Sends nothing to the
 * server.
 */
export function guardOf(database: string, target?: ResolvedTarget): Guard | undefined {
  if (isBuiltIn(database)) {
    return {
      code: 'PROTECTED',
      why: 'belongs to the server and is never touched',
      remedy: { kind: 'advice', text: 'Name a database of your own.' },
    };
  }
  if (target === undefined) return undefined;
  if (target.maintenanceDatabases.includes(database)) {
    return {
      code: 'REFUSED',
      why: 'is the one administrative commands connect to, so it cannot be worked on',
      remedy: { kind: 'other-maintenance-database', exists: true },
    };
  }
  const { host } = placeOf(target.settings);
  const pattern = target.protect.find(
    (p) =>
      (p.database === undefined || matchesGlob(database, p.database)) &&
      (p.host === undefined || matchesGlob(host.toLowerCase(), p.host.toLowerCase())),
  );
  if (pattern === undefined) return undefined;
  const rule = [
    ...(pattern.database === undefined ? [] : [`database ${pattern.database}`]),
    ...(pattern.host === undefined ? [] : [`host ${pattern.host}`]),
  ].join(' on ');
  return {
    code: 'PROTECTED',
    why: `on ${host} is protected by the configuration (${rule})`,
    remedy: { kind: 'advice', text: 'To do it anyway, remove the pattern from "protect".' },
  };
}

/**
 * Refuses the databases that may never be touched, before any connection is made.
 *
 * @throws {@link PgEvictError} `PROTECTED` for `postgres`, `template0`, `template1` and the databases that the target
 * protects; `REFUSED` when the database is the one that administrative commands connect to
 */
export function assertNotGuarded(database: string, target?: ResolvedTarget): void {
  const guard = guardOf(database, target);
  if (guard === undefined) return;
  throw errorWithRemedies(guard.code, `Database "${database}" ${guard.why}.`, [guard.remedy], { database });
}

/**
 * Refuses the maintenance database as a template: it would have to be free of sessions, and ours are on it.
 *
 * @throws {@link PgEvictError} `REFUSED`
 */
export function assertTemplateIsElsewhere(template: string, maintenanceDatabase: string): void {
  if (template !== maintenanceDatabase) return;
  throw errorWithRemedies(
    'REFUSED',
    `Database "${template}" is the one administrative commands connect to, so it cannot be copied.`,
    [{ kind: 'other-maintenance-database', exists: true }],
    { database: template },
  );
}
