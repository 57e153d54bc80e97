const brand = Symbol.for('@pg-evict/server.ServerError');

/**
 * The kind of failure of a server:
 *
 * - `OPTIONS_INVALID`: an option has a value that cannot work.
 * - `PLATFORM_UNSUPPORTED`: there are no binaries that run on this system.
 * - `PACKAGE_MISSING`: the platform package is not installed, or only for another major; or testcontainers is not.
 * - `PACKAGE_BROKEN`: the package is installed, but parts of it are missing or do not run.
 * - `DOCKER_UNAVAILABLE`: no container engine answers.
 * - `IMAGE_UNAVAILABLE`: the engine has no such image and cannot pull it.
 * - `DIRECTORY_UNUSABLE`: no folder was found where a server can live.
 * - `DISK_FULL`: there was no room for the server's data.
 * - `INITDB_FAILED`: the cluster could not be created.
 * - `START_FAILED`: PostgreSQL did not start.
 * - `START_TIMEOUT`: PostgreSQL was not ready in time.
 * - `STOP_FAILED`: something of the server is still there after a stop.
 */
export type ServerErrorCode =
  | 'OPTIONS_INVALID'
  | 'PLATFORM_UNSUPPORTED'
  | 'PACKAGE_MISSING'
  | 'PACKAGE_BROKEN'
  | 'DOCKER_UNAVAILABLE'
  | 'IMAGE_UNAVAILABLE'
  | 'DIRECTORY_UNUSABLE'
  | 'DISK_FULL'
  | 'INITDB_FAILED'
  | 'START_FAILED'
  | 'START_TIMEOUT'
  | 'STOP_FAILED';

/** A server that could not be started or stopped: the message gives the reason and, if known, the remedy. */
export class ServerError extends Error {
  override readonly name = 'ServerError';
  readonly code: ServerErrorCode;

  constructor(code: ServerErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    Object.defineProperty(this, brand, { value: true });
  }
}

/** Whether a value is a {@link ServerError}, also one of another realm or another copy of this package. */
export function isServerError(value: unknown): value is ServerError {
  return typeof value === 'object' && value !== null && brand in value;
}
