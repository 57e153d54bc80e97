import { decodeText } from '../sql/encodings.js';

/** What the server says of an error or a notice. */
export interface ServerMessage {
  readonly severity: string;
  readonly code: string;
  readonly message: string;
  readonly detail: string | undefined;
  readonly hint: string | undefined;
  readonly where: string | undefined;
}

const [errorCode, noticeCode] = [69, 78];
const headerBytes = 5;

/**
 * Picks errors and notices out of what a server sends, as they are on the wire: they come in the client's encoding, and
 * node-postgres takes everything for UTF-8.
 */
export class ServerMessages {
  readonly #take: (message: ServerMessage, isError: boolean) => void;
  readonly #encoding: () => string;
  #head = Buffer.alloc(0);
  /** What is left of a message that is of no interest. */
  #toSkip = 0;

  constructor(encoding: () => string, take: (message: ServerMessage, isError: boolean) => void) {
    this.#encoding = encoding;
    this.#take = take;
  }

  push(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#toSkip > 0) {
        const skipped = Math.min(this.#toSkip, chunk.length - at);
        this.#toSkip -= skipped;
        at += skipped;
      } else if (this.#head.length === 0 && at + headerBytes <= chunk.length && !isMessage(chunk[at])) {
        this.#toSkip = 1 + chunk.readUInt32BE(at + 1);
      } else {
        this.#head = Buffer.concat([this.#head, chunk.subarray(at)]);
        at = chunk.length;
        this.#drain();
      }
    }
  }

  #drain(): void {
    while (this.#head.length >= headerBytes) {
      const length = 1 + this.#head.readUInt32BE(1);
      const [code] = this.#head;
      if (!isMessage(code)) {
        const rest = this.#head;
        this.#head = Buffer.alloc(0);
        this.#toSkip = length;
        this.push(rest);
        return;
      }
      if (this.#head.length < length) return;
      const body = this.#head.subarray(headerBytes, length);
      this.#head = this.#head.subarray(length);
      this.#take(readFields(body, this.#encoding()), code === errorCode);
    }
  }
}

const isMessage = (code: number | undefined): boolean => code === errorCode || code === noticeCode;

function readFields(body: Buffer, encoding: string): ServerMessage {
  const fields = new Map<string, string>();
  for (let at = 0; at < body.length && body[at] !== 0;) {
    const end = body.indexOf(0, at + 1);
    fields.set(String.fromCharCode(body[at] as number), decodeText(body.subarray(at + 1, end), encoding));
    at = end + 1;
  }
  return {
    severity: fields.get('S') ?? 'ERROR',
    code: fields.get('C') ?? '',
    message: fields.get('M') ?? '',
    detail: fields.get('D'),
    hint: fields.get('H'),
    where: fields.get('W'),
  };
}
