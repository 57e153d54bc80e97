import type { CommandContext } from './command-context.js';
import { PgEvictError } from './engine.js';

/** `--confirm` with the wrong name means that the caller is wrong about something: refused wherever it is given. */
export function assertConfirmed({ options, target: { database } }: CommandContext): void {
  if (options.confirm === undefined || database === undefined || options.confirm === database) return;
  throw new PgEvictError(
    'REFUSED',
    `--confirm names "${options.confirm}", but the database is "${database}". Nothing was changed.`,
    { database, hint: 'Look again which of the two is meant.' },
  );
}
