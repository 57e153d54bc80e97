import type { TestRun } from '../database/test-run.js';
import { addressOf } from '../server/database-address.js';
import { variablesFor } from '../server/test-variables.js';

/** It exists nowhere, and its name says why. */
const nowhere = 'no_database_because_this_runs_outside_of_pg_evict';

/**
 * The variables for code that a test runner runs outside of our environments: they lead to a database that does not
 * exist, instead of to the configured one. With `isolation: 'run'`, they lead to the shared one.
 *
 * @returns `undefined` if the project wants the configured database (`testing.outside: 'configured'`)
 */
export function variablesOutside({
  server,
  settings,
}: TestRun): Record<string, string | undefined> | undefined {
  const { isolation, database, outside, variables } = settings;
  if (outside === 'configured') return undefined;
  const shared = isolation === 'run' ? database : null;
  return variablesFor(addressOf(server, shared ?? nowhere), variables);
}
