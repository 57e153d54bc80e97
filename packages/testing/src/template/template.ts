import type { DatabaseAddress } from '../server/database-address.js';

/** The source of a template's content. */
export interface TemplateSource {
  /** Names it in messages: `knex (/app/knexfile.ts)`. */
  readonly description: string;
  /** A hash of all its dependencies, as far as they are known. */
  readonly hash: string;
  /** Whether later runs may use the template as well; otherwise not all of its dependencies are known. */
  readonly reused: boolean;
  /** Fills an empty database, until the signal is aborted. A function that is passed in code goes on. */
  readonly fill: (address: DatabaseAddress, signal: AbortSignal | undefined) => Promise<void>;
}

/** A finished template: a fenced database that test databases are copied from. */
export interface Template {
  readonly name: string;
  readonly hash: string;
  /** Whether later runs may use it as well. */
  readonly reused: boolean;
  /**
   * Whether it has settings of its own (ALTER DATABASE SET, privileges, a connection limit, a comment), which
   * CREATE DATABASE does not copy.
   */
  readonly hasSettings: boolean;
  /** Whether its files are copied, because that is faster. */
  readonly copiesFiles: boolean;
  /** The comment it was given when it was built. */
  readonly comment: string | null;
  /** Bytes in its unlogged relations, which the server empties when it recovers from a crash. */
  readonly unlogged: number;
}
