import { ByteWindow } from './byte-window.js';
import { byte, isSpace, type Lexis, lineCommentEnd, needsMore } from '../sql/lexer.js';
import { type OpenLiteral, StatementEnd } from '../sql/statement-end.js';

/** What stands next in a plain dump. Bytes are valid until the next one is asked for. */
export type DumpItem =
  | { readonly kind: 'statement'; readonly bytes: Buffer; readonly at: number }
  | { readonly kind: 'comment'; readonly bytes: Buffer; readonly at: number }
  /** A line that begins with a backslash, which psql would take for a command of its own. */
  | { readonly kind: 'command'; readonly bytes: Buffer; readonly at: number }
  /** The end of the file, in the middle of a literal if it says which. */
  | { readonly kind: 'end'; readonly open: OpenLiteral | undefined; readonly at: number };

/**
 * Reads a plain dump item by item. What it says is data of `COPY` is only so if the server asks for data; whoever runs
 * the dump then takes them with {@link copyData}.
 */
export class DumpReader {
  readonly #window: ByteWindow;
  readonly #end = new StatementEnd();
  #begun = false;

  constructor(source: AsyncIterable<Buffer>) {
    this.#window = new ByteWindow(source);
  }

  /** How much of the dump has been read, decompressed. */
  get position(): number {
    return this.#window.position;
  }

  /** @param lexis how the server reads SQL now */
  async next(lexis: Lexis): Promise<DumpItem> {
    const window = this.#window;
    if (!this.#begun) await this.#skipByteOrderMark();
    for (;;) {
      while (window.start < window.end && isSpace(window.bytes[window.start] as number)) window.start += 1;
      const first = window.bytes[window.start];
      const isOver = window.start >= window.end;
      if (!window.isLast && (isOver || (first === byte.minus && window.length < 2))) {
        await window.more();
        continue;
      }
      if (isOver) return { kind: 'end', open: undefined, at: window.position };
      if (first === byte.minus && window.bytes[window.start + 1] === byte.minus) {
        const comment = await this.#comment();
        if (comment.bytes.length > shortComment) return comment;
        continue;
      }
      if (first === byte.backslash) return this.#command();
      return this.#statement(lexis);
    }
  }

  /**
   * The data that follow a statement, from the next line to one that is `\.` alone.
   *
   * @returns false where the file ends before that line
   */
  async copyData(take: (bytes: Buffer) => Promise<void> | void): Promise<boolean> {
    const rest = await this.#restOfLine();
    const isWhole = await this.#data(take);
    if (!rest.every(isSpace)) this.#window.unread(rest);
    return isWhole;
  }

  /** Gives up the file. */
  async close(): Promise<void> {
    await this.#window.close();
  }

  async #skipByteOrderMark(): Promise<void> {
    const window = this.#window;
    this.#begun = true;
    while (window.length < 3 && !window.isLast) await window.more();
    if (window.bytes.subarray(window.start, window.start + 3).equals(byteOrderMark))
      window.cut(window.start + 3);
  }

  async #comment(): Promise<Extract<DumpItem, { kind: 'comment' }>> {
    const window = this.#window;
    const at = window.position;
    let end = lineCommentEnd(window, window.start);
    while (end === needsMore) {
      await window.more();
      end = lineCommentEnd(window, window.start);
    }
    const bytes = window.bytes.subarray(window.start, end);
    window.cut(end);
    return { kind: 'comment', bytes, at };
  }

  async #command(): Promise<DumpItem> {
    const at = this.#window.position;
    const line = await this.#restOfLine();
    return { kind: 'command', bytes: line, at };
  }

  async #statement(lexis: Lexis): Promise<DumpItem> {
    const window = this.#window;
    const at = window.position;
    this.#end.reset();
    let end = this.#end.find(window, window.start, lexis);
    while (end === needsMore) {
      await window.more();
      end = this.#end.find(window, window.start, lexis);
    }
    const { open } = this.#end;
    if (open !== undefined) return { kind: 'end', open, at };
    const bytes = window.bytes.subarray(window.start, end);
    window.cut(end);
    return { kind: 'statement', bytes, at };
  }

  /** The rest of the line, with its end. */
  async #restOfLine(): Promise<Buffer> {
    const window = this.#window;
    let newline = window.bytes.indexOf(byte.newline, window.start);
    while ((newline === -1 || newline >= window.end) && !window.isLast) {
      await window.more();
      newline = window.bytes.indexOf(byte.newline, window.start);
    }
    const end = newline === -1 || newline >= window.end ? window.end : newline + 1;
    const line = window.bytes.subarray(window.start, end);
    window.cut(end);
    return line;
  }

  async #data(take: (bytes: Buffer) => Promise<void> | void): Promise<boolean> {
    const window = this.#window;
    let atLineStart = true;
    for (;;) {
      const { bytes, start, end } = window;
      const mark: number = atLineStart && beginsMark(bytes, start, end) ? start : findMark(bytes, start, end);
      const behind = mark === -1 ? notMark : markEnd(bytes, mark, end, window.isLast);
      // What is not the mark but begins like it is data.
      const known: number = mark === -1 ? end : behind === notMark ? Math.min(mark + 2, end) : mark;
      if (known > start) {
        await take(bytes.subarray(start, known));
        atLineStart = bytes[known - 1] === byte.newline;
        window.cut(known);
      }
      if (behind >= 0) {
        window.cut(behind);
        return true;
      }
      if (window.length > 0 && (behind === notMark || window.isLast)) continue;
      if (!(await window.more()) && window.length === 0) return false;
    }
  }
}

/** pg_dump frames its comments by empty ones. */
const shortComment = 3;

const byteOrderMark = Buffer.from('\uFEFF');

/** A line end and the mark behind it. */
const lineAndMark = Buffer.from('\n\\.');

const notMark = -2;

/** Whether what stands here may be `\.`. */
function beginsMark(bytes: Buffer, at: number, end: number): boolean {
  return at < end && bytes[at] === byte.backslash && (at + 1 >= end || bytes[at + 1] === byte.dot);
}

/** Where a line begins that may be `\.` alone; -1 if none does. */
function findMark(bytes: Buffer, start: number, end: number): number {
  const found = bytes.indexOf(lineAndMark, start);
  if (found !== -1 && found + 2 < end) return found + 1;
  // The mark may be cut in two by the end of what was read.
  return end - 2 >= start && bytes[end - 2] === byte.newline && bytes[end - 1] === byte.backslash
    ? end - 1
    : -1;
}

/** Behind the line end of a line that is `\.` alone. */
function markEnd(bytes: Buffer, mark: number, end: number, isLast: boolean): number {
  const at = mark + 2;
  if (at > end) return isLast ? notMark : needsMore;
  if (at === end) return isLast ? end : needsMore;
  if (bytes[at] === byte.newline) return at + 1;
  if (bytes[at] !== byte.carriageReturn) return notMark;
  if (at + 1 === end) return isLast ? end : needsMore;
  return bytes[at + 1] === byte.newline ? at + 2 : notMark;
}
