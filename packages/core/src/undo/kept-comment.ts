/** What the comment of a kept database says of it: enough to give it back as it was. */
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

/** The comment of a kept database: a sentence for people, then the note. */
export function writeKeptNote(note: KeptNote, until: number): string {
  const time = new Date(until * 1000).toISOString();
  return `The content of "${note.of}" before "pg-evict ${note.by}". Kept until ${time}; "pg-evict undo" puts it back. ${mark}${JSON.stringify(note)}]`;
}

/** Reads the note of a comment; `undefined` where there is none, or somebody has changed it. */
export function readKeptNote(comment: string | null): KeptNote | undefined {
  const start = comment?.lastIndexOf(mark) ?? -1;
  const end = comment?.lastIndexOf('}]') ?? -1;
  if (comment === null || start === -1 || end < start) return undefined;
  try {
    const note: unknown = JSON.parse(comment.slice(start + mark.length, end + 1));
    return isNote(note) ? note : undefined;
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
    typeof connections === 'boolean' &&
    (comment === null || typeof comment === 'string')
  );
}
