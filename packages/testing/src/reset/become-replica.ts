import { sqlStateOf } from '@pg-evict/core/internal';
import type { ServerSession } from '../session/server-session.js';

/** The privileges of our role, and the server's version. */
export interface Role {
  /** Whether triggers and foreign keys can be disabled while changes are undone. */
  readonly asReplica: boolean;
  readonly isSuperuser: boolean;
  /** `server_version_num` */
  readonly version: number;
}

/**
 * Superusers may, and from 15 on every role that was granted it. No other session should be on the database when it is
 * compared; locks of one that connects nevertheless are not waited for.
 */
export async function becomeReplica(session: ServerSession): Promise<Role> {
  const settings = `SELECT set_config('lock_timeout', '5s', false),
    current_setting('is_superuser')::bool AS "isSuperuser", current_setting('server_version_num')::int AS version`;
  const read = async (sql: string): Promise<Omit<Role, 'asReplica'>> => {
    const [row] = (await session.query<Omit<Role, 'asReplica'>>(sql)).rows;
    return { isSuperuser: row?.isSuperuser ?? false, version: row?.version ?? 0 };
  };
  try {
    return {
      ...(await read(`${settings}, set_config('session_replication_role', 'replica', false)`)),
      asReplica: true,
    };
  } catch (error) {
    if (sqlStateOf(error) !== '42501') throw error;
    return { ...(await read(settings)), asReplica: false };
  }
}
