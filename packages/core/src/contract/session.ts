/** One session on a database, as `pg_stat_activity` shows it. `null` for values that the server hides. */
export interface Session {
  /**
   * PostgreSQL's session id, `%c` of `log_line_prefix`: start and pid, hexadecimal. Unlike a pid, which is used again,
   * it identifies one session. `null` if the server hides when the backend started.
   */
  readonly id: string | null;
  /** Process id of the backend. */
  readonly pid: number;
  /** The role that logged in; `null` for background processes and backends still starting. */
  readonly user: string | null;
  readonly application: string | null;
  /** Client address; `[local]` for a Unix socket. */
  readonly client: string | null;
  readonly backendType: string | null;
  /** `active`, `idle`, `idle in transaction`, …; `starting` for a backend that has not finished connecting. */
  readonly state: string | null;
  /** Since when it is in this state. */
  readonly since: Date | null;
  /** When the backend started. */
  readonly startedAt: Date | null;
  /** The event that it waits for, as `type:event`. */
  readonly waitEvent: string | null;
  /** The lock it waits for: `AccessExclusiveLock on public.orders`. Only in a list of sessions. */
  readonly waitsFor: string | null;
  /** Pids of the sessions whose locks it waits for; 0 stands for a prepared transaction. */
  readonly blockedBy: readonly number[];
  /** The current or last query. */
  readonly query: string | null;
  /** Whether it may be terminated: the current role has the right to, and no `keep` pattern matches it. */
  readonly canTerminate: boolean;
}

/** A session that may not be ended. */
export interface DeniedSession {
  readonly session: Session;
  /** Why not. */
  readonly reason: string;
  /** The remedy, such as the `GRANT` to run. */
  readonly remedy: string;
}

/** One value, or several of which one must match. Patterns: `*` any characters, `?` one. */
export type OneOrMore = string | readonly string[];

/** Selects sessions by role, application, address and kind. Fields are combined: all must match. */
export interface SessionPattern {
  /** Role name, as a pattern. */
  readonly user?: OneOrMore | undefined;
  /** `application_name`, as a pattern. */
  readonly application?: OneOrMore | undefined;
  /** Client address, as a pattern (`10.1.*`, `[local]` for Unix sockets) or a network (`10.1.0.0/16`). */
  readonly client?: OneOrMore | undefined;
}

/** Selects sessions. Fields are combined: all must match. Values that the server hides from the role match nothing. */
export interface SessionFilter extends SessionPattern {
  /** `active`, `idle`, `idle in transaction`, …, as a pattern. */
  readonly state?: OneOrMore | undefined;
  /** `client backend`, `walsender`, `autovacuum worker`, …, as a pattern. */
  readonly backendType?: OneOrMore | undefined;
  /** In a transaction and idle for longer than this. */
  readonly idleInTransactionMs?: number | undefined;
  /** Running its current query for longer than this. */
  readonly queryLongerThanMs?: number | undefined;
  /** Connected for longer than this. */
  readonly olderThanMs?: number | undefined;
  /** Holds locks that the session with this pid waits for, directly or through others. */
  readonly blocking?: number | undefined;
  /** Holds a lock on this table, given as `schema.table` or `table`. */
  readonly blockingTable?: string | undefined;
  /** Stands at the head of a lock chain: others wait for it, and it waits for no other session. */
  readonly rootBlockers?: boolean | undefined;
  /** Exactly these, by session id (`Session.id`) or pid. An id whose pid now belongs to another session is refused. */
  readonly sessions?: readonly (string | number)[] | undefined;
}
