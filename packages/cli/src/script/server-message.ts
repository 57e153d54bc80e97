import { decodeText } from '../sql/encodings.js';

/** The fields of an error or a notice. */
export interface ServerMessage {
  readonly severity: string;
  readonly code: string;
  readonly message: string;
  readonly detail: string | undefined;
  readonly hint: string | undefined;
  readonly where: string | undefined;
}

/** Reads the body of an error or a notice. It comes in the client's encoding, although node-postgres assumes UTF-8. */
export function readServerMessage(body: Buffer, encoding: string): ServerMessage {
  const fields = new Map<string, string>();
  for (let at = 0; at < body.length && body[at] !== 0;) {
    const found = body.indexOf(0, at + 1);
    const end = found === -1 ? body.length : found;
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
