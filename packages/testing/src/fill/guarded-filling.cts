import type { ServerPlace } from '@pg-evict/core/internal/own-connections';

/** A database that must not be connected to, and the message for a connection to it. */
export interface ForbiddenDatabase {
  readonly database: string;
  readonly server: ServerPlace;
}

/** One filling, for the processes of it. Fillings around it stay in force. */
export interface GuardedFilling {
  readonly forbidden: readonly ForbiddenDatabase[];
  /** Follows the name of the database in the message, without a full stop. */
  readonly because: string;
  /** The action to take. */
  readonly hint: string;
  /** The file that refusals are written to. */
  readonly log: string;
}

/** A connection that was refused, as a line of the log in JSON. */
export interface RefusedConnection {
  readonly database: string;
  /** `/app/db.js:3`, or the program if no line of the project led there. */
  readonly at: string;
}
