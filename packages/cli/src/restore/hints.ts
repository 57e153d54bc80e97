import type { RestoreProgram } from './passed-options.js';

/**
 * The remedy, if one is known.
 *
 * @param messages the messages of the server or pg_restore
 * @param madeNothing whether the dump had made nothing before it failed
 */
export function hintFor(messages: string, program: RestoreProgram, madeNothing: boolean): string | undefined {
  if (madeNothing && /(?:relation|schema) ".*" does not exist/.test(messages)) return dataOnly;
  return hints.find(([pattern, , only]) => pattern.test(messages) && (only ?? program) === program)?.[1];
}

const dataOnly =
  'The dump has data and no tables to put them into, as pg_dump --data-only makes it: restore one that has both.';

const otherMajor =
  "The dump, or pg_restore, is of a newer major than the server. Take both of the server's major, or a newer server.";

const hints: readonly (readonly [RegExp, string, RestoreProgram?])[] = [
  [
    /could not read from input file: end of file|could not (?:uncompress data|close data file)/,
    'The dump is cut off, or broken. Create it again, and check that pg_dump succeeded.',
    'pg_restore',
  ],
  [
    /role ".*" does not exist/,
    'Create the role, or restore without owners and privileges: -- --no-owner --no-acl',
    'pg_restore',
  ],
  [/role ".*" does not exist/, 'Create the role, or make the dump with --no-owner --no-acl.', 'plain'],
  [
    /must be owner of|must be member of role|must be able to SET ROLE|permission denied for (?:schema|database)/,
    'Restore as a role that has the privilege, or without owners and privileges: -- --no-owner --no-acl',
    'pg_restore',
  ],
  [
    /must be owner of|must be member of role|must be able to SET ROLE|permission denied for (?:schema|database)/,
    'Restore as a role that has the privilege, or make the dump with --no-owner --no-acl.',
    'plain',
  ],
  [
    /permission denied to create extension|extension ".*" is not available/,
    'The extension must be installed on the server, and the role must be allowed to create it.',
  ],
  [/unrecognized configuration parameter/, otherMajor],
  [
    /must be superuser to create FOR ALL TABLES publication/,
    'Restore as a superuser, or without publications: -- --no-publications',
    'pg_restore',
  ],
  [
    /must be superuser to create FOR ALL TABLES publication/,
    'Restore as a superuser, or make the dump with --no-publications.',
    'plain',
  ],
  [
    /permission denied to create event trigger/,
    'Only a superuser creates event triggers. Restore as one, or leave them out: pg_restore --list prints the list of entries; remove them from it, and pass it with -- --use-list=<file>.',
    'pg_restore',
  ],
  [
    /permission denied to create event trigger/,
    'Only a superuser creates event triggers: restore as one, or take them out of the dump.',
    'plain',
  ],
  [
    /schema ".*" does not exist/,
    'With --schema or --table, pg_restore leaves the schema itself out. Select by a list that includes it: pg_restore --list prints one; pass it with -- --use-list=<file>.',
    'pg_restore',
  ],
  [
    /No space left on device|could not extend file/,
    'There is no room on the server for old and new at once: free some. pg-evict doctor lists what is kept for an undo, which takes space as well.',
  ],
];
