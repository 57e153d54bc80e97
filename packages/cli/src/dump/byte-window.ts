import type { Piece } from '../sql/lexer.js';

/**
 * A window on the bytes of a stream, which grows at its end and is cut at its beginning. Slices that it has returned
 * stay as they are. While a statement is incomplete the window grows by half, so that scanning it again costs little.
 */
export class ByteWindow implements Piece {
  bytes: Buffer = Buffer.alloc(0);
  start = 0;
  end = 0;
  isLast = false;
  readonly #source: AsyncIterator<Buffer>;
  /** Where `bytes` begins in the stream. */
  #offset = 0;
  /** Whether the space after `end` is ours. */
  #owned = false;

  constructor(source: AsyncIterable<Buffer>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** How many bytes of the stream lie before the window. */
  get position(): number {
    return this.#offset + this.start;
  }

  get length(): number {
    return this.end - this.start;
  }

  /** Cuts off what is before an index. */
  cut(index: number): void {
    this.start = index;
  }

  /** Puts bytes, which were read earlier, before all others; offsets of later bytes stay the same. */
  unread(bytes: Buffer): void {
    if (bytes.length === 0) return;
    const position = this.position - bytes.length;
    this.#replace(Buffer.concat([bytes, this.bytes.subarray(this.start, this.end)]), position);
  }

  /** Reads on; at least half as much again as there is. Returns whether any bytes came. */
  async more(): Promise<boolean> {
    const before = this.length;
    const wanted = Math.max(before + 1, before * 1.5);
    while (this.length < wanted) {
      const next: IteratorResult<Buffer, unknown> = await this.#source.next();
      if (next.done === true) {
        this.isLast = true;
        break;
      }
      this.#append(next.value, wanted);
    }
    return this.length > before;
  }

  /** Gives up the stream. */
  async close(): Promise<void> {
    await this.#source.return?.();
  }

  #append(chunk: Buffer, wanted: number): void {
    const { length } = this;
    if (length === 0) {
      this.#replace(chunk, this.position);
      this.#owned = false;
      return;
    }
    if (!this.#owned || this.bytes.length - this.end < chunk.length) {
      const grown = Buffer.allocUnsafe(Math.max(Math.ceil(wanted), length) + chunk.length);
      this.bytes.copy(grown, 0, this.start, this.end);
      const { position } = this;
      this.#replace(grown, position);
      this.#owned = true;
      this.end = length;
    }
    chunk.copy(this.bytes, this.end);
    this.end += chunk.length;
  }

  #replace(bytes: Buffer, position: number): void {
    this.bytes = bytes;
    this.start = 0;
    this.end = bytes.length;
    this.#offset = position;
    this.#owned = false;
  }
}
