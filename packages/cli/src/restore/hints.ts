import type { RestoreProgram } from './passed-options.js';

/** What would help, where it is known. */
export function hintFor(messages: string, program: RestoreProgram): string | undefined {
  return hints.find(([pattern, , only]) => pattern.test(messages) && (only ?? program) === program)?.[1];
}

const otherMajor =
  "The dump, or pg_restore, is of a newer major than the server. Take both of the server's major, or a newer server.";

const hints: readonly (readonly [RegExp, string, RestoreProgram?])[] = [
  [
    /role ".*" does not exist/,
    'Create the role, or restore without owners and privileges: -- --no-owner --no-acl',
    'pg_restore',
  ],
  [/role ".*" does not exist/, 'Create the role, or make the dump with --no-owner --no-acl.', 'psql'],
  [
    /must be owner of|must be member of role|must be able to SET ROLE|permission denied for (?:schema|database)/,
    'Restore as a role that may, or without owners and privileges: -- --no-owner --no-acl',
    'pg_restore',
  ],
  [
    /permission denied to create extension|extension ".*" is not available/,
    'See that the extension is there: it needs to be installed on the server, and a role that may create it.',
  ],
  [/unrecognized configuration parameter/, otherMajor],
  [/invalid command \\(?:un)?restrict/, 'A newer pg_dump made it: put a psql that is as new on PATH.'],
  [
    /No space left on device|could not extend file/,
    'There is no room on the server for old and new at once: free some, or drop the old database first.',
  ],
];
