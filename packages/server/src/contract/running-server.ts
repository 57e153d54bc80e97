/** A PostgreSQL server that was started for this process, with the settings to connect as superuser. */
export interface RunningServer extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** Generated for this server; connections are authenticated with scram-sha-256. */
  readonly password: string;
  /** The maintenance database. */
  readonly database: string;
  /** All of these as a connection URL, the password included. */
  readonly url: string;
  /** The server's version, such as `18.4`. */
  readonly version: string;
  /**
   * Ends all sessions and the server, and removes its data. It may be called again, and after the server died.
   *
   * @throws {ServerError} `STOP_FAILED` when something of it is still there.
   */
  stop(): Promise<void>;
}

/** How {@link RunningEmbeddedServer.restart} ends the server before it starts it again. */
export interface RestartOptions {
  /**
   * `fast` ends all sessions and shuts down cleanly; `immediate` aborts like a crash, so that the start
   * goes through recovery.
   *
   * @default 'fast'
   */
  readonly mode?: 'fast' | 'immediate';
}

/** A server of the kind `embedded`. */
export interface RunningEmbeddedServer extends RunningServer {
  /** The postmaster's process id; another one after a restart. */
  readonly pid: number;
  /** The cluster's data directory; gone after a stop. */
  readonly dataDirectory: string;
  /** The server's log; gone after a stop. */
  readonly logFile: string;
  /**
   * Ends the server and starts it again with the same data on the same port. Also brings back a server
   * that died.
   *
   * @throws {ServerError} `START_FAILED` or `START_TIMEOUT` when it does not come back; it can still be
   * stopped then.
   */
  restart(options?: RestartOptions): Promise<void>;
}

/** A server of the kind `testcontainers`. */
export interface RunningContainerServer extends RunningServer {
  /** The image it runs from. */
  readonly image: string;
  /** The container's id, as in `docker logs <id>`. */
  readonly containerId: string;
  /**
   * Removes the container and its data. A container that is kept for reuse continues to run.
   *
   * @throws {ServerError} `STOP_FAILED` when it is still there.
   */
  stop(): Promise<void>;
}
