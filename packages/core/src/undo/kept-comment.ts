import { privateTag } from '../database/set-aside.js';

/** The contents of a kept database's comment: enough to restore the database as it was. */
export interface KeptNote {
  /** The database whose content it was. */
  readonly of: string;
  /** The operation that put it aside: `recreate`, `drop`, `undo`. */
  readonly by: string;
  /** When, by the server's clock, in seconds since 1970. */
  readonly at: number;
  /** Whether it let clients connect. */
  readonly connections: boolean;
  /** The comment it had. */
  readonly comment: string | null;
}

const mark = '[pg-evict: undo ';

/** The last second that a `Date` can hold. */
const lastSecond = 8_640_000_000_000;

/**
 * The comment of a kept database: a sentence for people, then the note. Neither has brackets of its own, nor text that
 * could be mistaken for a label, for every name of the database and every comment it had. That comment may itself be a
 * note, of a kept database that was renamed.
 */
export function writeKeptNote(note: KeptNote, until: number): string {
  const time = new Date(until * 1000).toISOString();
  const name = note.of.replaceAll(telling, '_');
  const json = JSON.stringify(note).replaceAll(telling, (text) => escaped(text));
  return `The content of "${name}" before "pg-evict ${note.by}". Kept until ${time}; "pg-evict undo" puts it back. ${mark}${json}]`;
}

/** The patterns of labels, notes and their ends. */
const telling = /[[\]]|evict/gi;

const escaped = (text: string): string =>
  String.raw`\u${text.charCodeAt(0).toString(16).padStart(4, '0')}${text.slice(1)}`;

/**
 * Reads the note of a comment; `undefined` if there is none, or it was changed. There may be other text before and
 * after it, such as a label.
 *
 * @param tag the tag in the name of the database: whose content it is
 */
export function readKeptNote(comment: string | null, tag: string): KeptNote | undefined {
  const start = comment?.indexOf(mark) ?? -1;
  if (comment === null || start === -1) return undefined;
  const end = comment.indexOf('}]', start);
  try {
    const note: unknown = JSON.parse(comment.slice(start + mark.length, end + 1));
    return isNote(note) && privateTag(note.of) === tag ? note : undefined;
  } catch {
    return undefined;
  }
}

function isNote(value: unknown): value is KeptNote {
  if (typeof value !== 'object' || value === null) return false;
  const { of, by, at, connections, comment } = value as Record<string, unknown>;
  return (
    typeof of === 'string' &&
    typeof by === 'string' &&
    typeof at === 'number' &&
    Math.abs(at) <= lastSecond &&
    typeof connections === 'boolean' &&
    (comment === null || typeof comment === 'string')
  );
}
