/** The format of a dump, determined by its content and not by its name. */
export interface Dump {
  /** As it was given. */
  readonly path: string;
  readonly format: 'custom' | 'tar' | 'directory' | 'plain';
  /** How a plain dump is compressed. */
  readonly compression: Compression | undefined;
  /** On disk, in bytes; of a directory, all of its files. */
  readonly bytes: number;
}

export type Compression = 'gzip' | 'zstd' | 'xz' | 'bzip2' | 'lz4';

/** A relation that a dump says it holds. */
export interface DumpedRelation {
  readonly isTable: boolean;
  /** The schema, a space, and the name; `pg_restore --list` has the owner behind them. */
  readonly name: string;
  /** For messages. */
  readonly label: string;
}

/** A part of a dump that was left out. */
export interface SkippedStatement {
  /** Its beginning. */
  readonly statement: string;
  readonly reason: string;
}
