import type { Client } from 'pg';
import type { Blocker } from '../contract/blocker.js';
import { rawText, readRawText } from '../connection/raw-text.js';
import { withRemedy } from '../contract/remedy.js';
import { redactQuery } from '../text/redact-query.js';

const lockHoldersQuery = `
SELECT a.pid, ${rawText('a.usename')} AS "user", a.datname AS database, a.state, ${rawText('a.query')} AS query,
  pg_encoding_to_char(d.encoding)::text AS encoding
FROM pg_stat_activity a LEFT JOIN pg_database d ON d.oid = a.datid WHERE a.pid = ANY ($1::int[]) AND a.pid <> $2`;

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
    encoding: string | null;
  }>(lockHoldersQuery, [pids, runnerPid]);
  const read = (raw: string | null, encoding: string | null): string | undefined =>
    raw === null ? undefined : readRawText(raw, encoding).slice(0, 200);
  return rows.map((row) =>
    withRemedy(
      {
        kind: 'lock' as const,
        name: String(row.pid),
        database,
        detail:
          `Session ${row.pid} of ${read(row.user, row.encoding) ?? 'a background process'} on database "${row.database ?? ''}"` +
          ` (${row.state ?? 'state hidden'}) holds a lock that stands in the way${row.query === null ? '' : `: ${redactQuery(read(row.query, row.encoding) ?? '')}`}.`,
      },
      { kind: 'end-lock-holder', pid: row.pid },
    ),
  );
}
