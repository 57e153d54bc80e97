/** One session on a database, as `pg_stat_activity` shows it. `null` where the server hides a value. */
export interface Session {
  /**
   * PostgreSQL's session id, `%c` of `log_line_prefix`: start and pid, hexadecimal. Names one session, as pids are used
   * again. `null` where the server hides when the backend started.
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
  /** What it waits for, as `type:event`. */
  readonly waitEvent: string | null;
  /** The lock it waits for: `AccessExclusiveLock on public.orders`. Only in a list of sessions. */
  readonly waitsFor: string | null;
  /** Pids of the sessions whose locks it waits for; 0 stands for a prepared transaction. */
  readonly blockedBy: readonly number[];
  /** The current or last query. */
  readonly query: string | null;
  /** Whether it may be ended: the role that asked has the right to, and it is not one to keep. */
  readonly canTerminate: boolean;
}

/** A session that may not be ended. */
export interface DeniedSession {
  readonly session: Session;
  /** Why not. */
  readonly reason: string;
  /** What would allow it, such as the `GRANT` to run. */
  readonly remedy: string;
}
