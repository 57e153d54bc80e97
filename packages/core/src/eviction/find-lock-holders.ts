import type { Client } from 'pg';
import type { Blocker } from '../contract/blocker.js';
import { withRemedy } from '../contract/remedy.js';
import { redactQuery } from '../text/redact-query.js';

const lockHoldersQuery = `
SELECT a.pid, a.usename AS "user", a.datname AS database, a.state, left(a.query, 200) AS query
FROM pg_stat_activity a WHERE a.pid = ANY ($1::int[]) AND a.pid <> $2`;

/** Names the sessions whose locks kept the runner from its own, such as an uncommitted ALTER DATABASE. */
export async function findLockHolders(
  control: Client,
  database: string,
  pids: readonly number[],
  runnerPid: number,
): Promise<Blocker[]> {
  if (pids.length === 0) return [];
  const { rows } = await control.query<{
    pid: number;
    user: string | null;
    database: string | null;
    state: string | null;
    query: string | null;
  }>(lockHoldersQuery, [pids, runnerPid]);
  return rows.map((row) =>
    withRemedy(
      {
        kind: 'lock' as const,
        name: String(row.pid),
        database,
        detail:
          `Session ${row.pid} of ${row.user ?? 'a background process'} on database "${row.database ?? ''}"` +
          ` (${row.state ?? 'state hidden'}) holds a lock that stands in the way${row.query === null ? '' : `: ${redactQuery(row.query)}`}.`,
      },
      { kind: 'end-lock-holder', pid: row.pid },
    ),
  );
}
