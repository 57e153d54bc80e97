/** What a dump is, told by what is in it and not by its name. */
export interface Dump {
  /** As it was given. */
  readonly path: string;
  readonly format: 'custom' | 'tar' | 'directory' | 'plain';
  /** Whether a plain dump is compressed by gzip. */
  readonly gzipped: boolean;
}

/** A relation that a dump says it holds. */
export interface DumpedRelation {
  readonly isTable: boolean;
  /** The schema, a space, and the name; `pg_restore --list` has the owner behind them. */
  readonly name: string;
  /** For messages. */
  readonly label: string;
}

/** Text in a dump's encoding, which is seldom anything but UTF-8; `undefined` where it is something else. */
export function decode(bytes: string): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(bytes, 'latin1'));
  } catch {
    return undefined;
  }
}
