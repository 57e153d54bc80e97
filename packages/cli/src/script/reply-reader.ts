/**
 * The messages of a server, by their first byte on the wire
 * (https://www.postgresql.org/docs/current/protocol-message-formats.html).
 */
export const reply = {
  commandComplete: 67,
  copyIn: 71,
  emptyQuery: 73,
  error: 69,
  notice: 78,
  parameterStatus: 83,
  ready: 90,
} as const;

/** Rows and data, which may be long and are not needed here. */
const [dataRow, copyData] = [68, 100];

/** Every message that a server may send after the login, to a client without replication. */
const known = new Set<number>([...Object.values(reply), dataRow, copyData, ...Buffer.from('12AHKTVcnst')]);

const headBytes = 5;

/** Called with each message; its body stands between two indices, and is gone after the call. */
export type TakeReply = (code: number, bytes: Buffer, start: number, end: number) => void;

/** Splits the server's data into messages. Skips rows and data without keeping them. */
export class ReplyReader {
  readonly #take: TakeReply;
  /** The beginning of an incomplete message, in the pieces that came, and the minimum number of missing bytes. */
  #rest: Buffer[] = [];
  #missing = 0;
  /** The rest of a message that is not needed. */
  #toSkip = 0;

  constructor(take: TakeReply) {
    this.#take = take;
  }

  /**
   * @param chunk is not kept: its memory may be used again
   * @throws Error if it cannot be from a server
   */
  push(chunk: Buffer, length: number): void {
    const skipped = Math.min(this.#toSkip, length);
    this.#toSkip -= skipped;
    if (this.#rest.length === 0) {
      const at = this.#read(chunk, skipped, length);
      if (at < length) this.#rest = [Buffer.from(chunk.subarray(at, length))];
      return;
    }
    // A long message is joined once, not with each piece.
    this.#rest.push(Buffer.from(chunk.subarray(0, length)));
    this.#missing -= length;
    if (this.#missing > 0) return;
    const bytes = Buffer.concat(this.#rest);
    const at = this.#read(bytes, 0, bytes.length);
    this.#rest = at < bytes.length ? [bytes.subarray(at)] : [];
  }

  /** Reads the messages that are there to their end; returns where the next begins. */
  #read(bytes: Buffer, start: number, length: number): number {
    let at = start;
    this.#missing = 0;
    while (at + headBytes <= length) {
      const code = bytes[at] as number;
      if (!known.has(code)) throw new Error("the server's message cannot be read");
      const end = at + 1 + bytes.readUInt32BE(at + 1);
      if (code === dataRow || code === copyData) {
        this.#toSkip = Math.max(0, end - length);
      } else if (end > length) {
        this.#missing = end - length;
        break;
      } else this.#take(code, bytes, at + headBytes, end);
      at = Math.min(end, length);
    }
    return at;
  }
}
