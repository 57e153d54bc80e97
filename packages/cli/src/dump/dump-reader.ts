import { ByteWindow } from './byte-window.js';
import { beginsMark, findMark, markEnd, notMark } from './end-of-data.js';
import { byte, isSpace, type Lexis, lineCommentEnd, needsMore } from '../sql/lexer.js';
import { type OpenLiteral, StatementEnd } from '../sql/statement-end.js';

/** A statement, with the white space and comments within it. */
export interface StatementItem {
  readonly kind: 'statement';
  readonly bytes: Buffer;
  /** Where it begins in the dump. */
  readonly at: number;
}

/** The next item of a plain dump. Bytes are valid until the next one is requested. */
export type DumpItem =
  | StatementItem
  | { readonly kind: 'comment'; readonly bytes: Buffer; readonly at: number }
  /** A line that begins with a backslash, which psql would treat as a command of its own. */
  | { readonly kind: 'command'; readonly bytes: Buffer; readonly at: number }
  /** The end of the file, in the middle of the given literal if there is one. */
  | { readonly kind: 'end'; readonly open: OpenLiteral | undefined; readonly at: number };

/**
 * Reads a plain dump item by item. Text after a `COPY` statement is its data only if the server asks for data; the
 * caller that runs the dump then takes them with {@link copyData}.
 */
export class DumpReader {
  readonly #window: ByteWindow;
  readonly #end = new StatementEnd();
  #begun = false;
  /** Items that were read ahead, and where each begins. */
  #ahead: { readonly item: DumpItem; readonly lexis: Lexis; readonly start: number }[] = [];
  /** The statement that was scanned in part. */
  #scanned: { readonly at: number; readonly lexis: Lexis } | undefined;

  constructor(source: AsyncIterable<Buffer>) {
    this.#window = new ByteWindow(source);
  }

  /** How much of the dump has been read, decompressed. */
  get position(): number {
    return this.#window.position;
  }

  /** How much of the dump has come from its source, decompressed. */
  get received(): number {
    return this.#window.position + this.#window.length;
  }

  /** @param lexis the server's current rules for reading SQL */
  async next(lexis: Lexis): Promise<DumpItem> {
    if (!this.#begun) await this.#skipByteOrderMark();
    for (;;) {
      const item = this.ready(lexis);
      if (item !== undefined) return item;
      await this.#window.more();
    }
  }

  /** The next item, if all of it is there already. */
  ready(lexis: Lexis): DumpItem | undefined {
    if (!this.#begun) return undefined;
    const ahead = this.#ahead.shift();
    if (ahead !== undefined) {
      if (ahead.lexis === lexis) return ahead.item;
      // The server reads otherwise by now.
      this.#ahead = [];
      this.#window.cut(ahead.start);
    }
    return this.#read(lexis);
  }

  /**
   * Reads on to the end of the next statement while the server is still at work with the one before, if that much of
   * the file is there. The result counts only if the server's rules for reading SQL are still the same when it is
   * requested: the item is then the same.
   */
  readAhead(lexis: Lexis): StatementItem | undefined {
    if (!this.#begun || this.#ahead.length > 0) return undefined;
    for (;;) {
      const { start } = this.#window;
      const item = this.#read(lexis);
      if (item === undefined) {
        this.#window.cut(start);
        return undefined;
      }
      this.#ahead.push({ item, lexis, start });
      if (item.kind === 'statement') return item;
      if (item.kind !== 'comment') return undefined;
    }
  }

  /**
   * The data that follow a statement, from the next line to one that contains only `\.`.
   *
   * @returns false if the file ends before that line
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

  /** The next item, if all of it is there. */
  #read(lexis: Lexis): DumpItem | undefined {
    const window = this.#window;
    for (;;) {
      while (window.start < window.end && isSpace(window.bytes[window.start] as number)) window.start += 1;
      const first = window.bytes[window.start];
      const isOver = window.start >= window.end;
      if (!window.isLast && (isOver || (first === byte.minus && window.length < 2))) return undefined;
      if (isOver) return { kind: 'end', open: undefined, at: window.position };
      if (first === byte.backslash) return this.#item('command', lineEnd(window));
      if (first !== byte.minus || window.bytes[window.start + 1] !== byte.minus)
        return this.#statement(lexis);
      const comment = this.#item('comment', lineCommentEnd(window, window.start));
      if (comment === undefined || comment.bytes.length > shortComment) return comment;
    }
  }

  #item<Kind extends 'statement' | 'comment' | 'command'>(
    kind: Kind,
    end: number,
  ): { readonly kind: Kind; readonly bytes: Buffer; readonly at: number } | undefined {
    if (end === needsMore) return undefined;
    const window = this.#window;
    const at = window.position;
    const bytes = window.bytes.subarray(window.start, end);
    window.cut(end);
    return { kind, bytes, at };
  }

  #statement(lexis: Lexis): DumpItem | undefined {
    const window = this.#window;
    const at = window.position;
    // An incomplete one is continued.
    if (this.#scanned?.at !== at || this.#scanned.lexis !== lexis) this.#end.reset();
    const end = this.#end.find(window, window.start, lexis);
    this.#scanned = end === needsMore ? { at, lexis } : undefined;
    const { open } = this.#end;
    return open === undefined ? this.#item('statement', end) : { kind: 'end', open, at };
  }

  /** The rest of the line, with its end. */
  async #restOfLine(): Promise<Buffer> {
    const window = this.#window;
    let end = lineEnd(window);
    while (end === needsMore) {
      await window.more();
      end = lineEnd(window);
    }
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
      // Bytes that begin like the mark, but are not it, are data.
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

/** pg_dump puts empty comments around its comments. */
const shortComment = 3;

const byteOrderMark = Buffer.from('\uFEFF');

/** After the line in which a window begins. */
function lineEnd({ bytes, end, isLast, start }: ByteWindow): number {
  const newline = bytes.indexOf(byte.newline, start);
  if (newline !== -1 && newline < end) return newline + 1;
  return isLast ? end : needsMore;
}
