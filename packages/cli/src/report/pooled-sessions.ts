import type { Session } from '@pg-evict/core';

/**
 * Poolers that log in under their own name: PgCat, Supavisor, Odyssey, Pgpool-II, PgDog, and PgBouncer if it is
 * configured to.
 */
const ownName = /^(?:pgbouncer|pgcat|supavisor|odyssey|pgpool|pgdog)\b/i;

/** The suffix that PgBouncer appends with `application_name_add_host`: ` - 10.0.0.7:51234`, ` - unix(4711):6432`. */
const addedHost = / - (?:unix(?:\(\d+\))?|[\da-f.:[\]]+):\d+$/i;

/** How many sessions were opened by a pooler, as their `application_name` says. Most poolers hide it. */
function countPooled(sessions: readonly Session[]): number {
  return sessions.filter(
    ({ application }) => application !== null && (ownName.test(application) || addedHost.test(application)),
  ).length;
}

/**
 * A note for users who terminated sessions of a pooler: its clients notice more than a terminated session.
 *
 * @returns nothing if there were none, or the pooler was paused for it
 */
export function poolerHint(
  sessions: readonly Session[],
  poolers: readonly unknown[],
  dryRun: boolean,
): string[] {
  const pooled = countPooled(sessions);
  if (pooled === 0 || poolers.length > 0) return [];
  const were = dryRun ? 'belong' : 'belonged';
  return [
    `${pooled} of these sessions ${were} to a connection pooler, which may refuse its clients for some seconds. Clients of a PgBouncer wait instead with --pooler <url of its admin console>.`,
  ];
}
