import { quoteIdentifier } from '@pg-evict/core/internal';

/** The end of a database's comment: a text that every owner may set, without connecting to the database. */
const label =
  /\s*\[pg-evict (?:template( of one run)?, last used|kept on) (\d{4}-\d{2}-\d{2})(?:, unlogged (\d+))?\]$/;

/** A day as it stands in comments. */
export function dayOf(date: Date): string {
  return date.toISOString().slice(0, 10);
}

/** The facts in the comment of a template or a kept database. */
export interface OwnComment {
  /** The comment that the template was given when it was built. */
  readonly comment: string | null;
  /** The day a template was last used, or a database was kept. */
  readonly day: string | null;
  /** Whether no run but the one that built the template may use it. */
  readonly ofOneRun: boolean;
  /** Bytes in unlogged relations of a template. */
  readonly unlogged: number;
}

/** Takes a comment apart. */
export function readComment(text: string | null): OwnComment {
  const found = text === null ? null : label.exec(text);
  if (text === null || found === null) return { comment: text, day: null, ofOneRun: false, unlogged: 0 };
  const rest = text.slice(0, found.index);
  const [, ofOneRun, day = null, unlogged = 0] = found;
  return {
    comment: rest === '' ? null : rest,
    day,
    ofOneRun: ofOneRun !== undefined,
    unlogged: Number(unlogged),
  };
}

/** The comment of a template. */
export function templateComment(
  { comment, ofOneRun, unlogged }: Omit<OwnComment, 'day'>,
  usedOn: Date,
): string {
  const whose = ofOneRun ? ' of one run' : '';
  const size = unlogged === 0 ? '' : `, unlogged ${unlogged}`;
  return `${comment === null ? '' : `${comment} `}[pg-evict template${whose}, last used ${dayOf(usedOn)}${size}]`;
}

/** The comment of a database that was kept. */
export function keptComment(on: Date): string {
  return `The database of a test file that failed. [pg-evict kept on ${dayOf(on)}]`;
}

/** COMMENT ON DATABASE, which takes no parameters. */
export function commentStatement(name: string, text: string | null): string {
  // Safe with either value of standard_conforming_strings.
  const literal = text === null ? 'NULL' : `E'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
  return `COMMENT ON DATABASE ${quoteIdentifier(name)} IS ${literal}`;
}
