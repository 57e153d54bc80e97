/** How {@link RunningServer.restart} ends the server before it starts it again. */
export interface RestartOptions {
  /**
   * `fast` ends all sessions and shuts down cleanly; `immediate` aborts like a crash, so that the start
   * goes through recovery.
   *
   * @default 'fast'
   */
  readonly mode?: 'fast' | 'immediate';
}

/** A PostgreSQL server that was started for this process, with what is needed to connect as superuser. */
export interface RunningServer extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** Made up for this server; connections are authenticated with scram-sha-256. */
  readonly password: string;
  /** The maintenance database. */
  readonly database: string;
  /** All of it as a connection URL, the password included. */
  readonly url: string;
  /** The server's version, such as `18.4`. */
  readonly version: string;
  /** The postmaster's process id; another one after {@link restart}. */
  readonly pid: number;
  /** The cluster's data directory; gone after {@link stop}. */
  readonly dataDirectory: string;
  /** The server's log; gone after {@link stop}. */
  readonly logFile: string;
  /**
   * Ends the server and starts it again with the same data on the same port. Also brings back a server
   * that died.
   *
   * @throws {ServerError} `START_FAILED` or `START_TIMEOUT` when it does not come back; it can still be
   * stopped then.
   */
  restart(options?: RestartOptions): Promise<void>;
  /**
   * Ends all sessions and the server, and removes its data. Calling it again, or after the server died,
   * is fine.
   *
   * @throws {ServerError} `STOP_FAILED` when processes or files are still there.
   */
  stop(): Promise<void>;
}
