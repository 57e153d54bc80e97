/** The first message of a client, as far as it has arrived. */
export type FirstMessage =
  /** It names the database that is to be connected to. */
  | { readonly kind: 'startup'; readonly database: string; readonly user: string }
  /** It asks for TLS or GSSAPI encryption first; the startup follows. */
  | { readonly kind: 'negotiation' }
  /** More is needed to tell. */
  | { readonly kind: 'incomplete' }
  /** Not of PostgreSQL's protocol, or a request to cancel a query. */
  | { readonly kind: 'other' };

/** SSLRequest and GSSENCRequest. */
const negotiations = new Set([80_877_103, 80_877_104]);

/** Longer ones are refused by the server (MAX_STARTUP_PACKET_LENGTH). */
const longest = 10_000;

/**
 * Reads the first message of a client.
 *
 * @see https://www.postgresql.org/docs/current/protocol-message-formats.html StartupMessage
 */
export function readFirstMessage(bytes: Buffer): FirstMessage {
  if (bytes.length < 8) return { kind: bytes.length > 0 && bytes[0] !== 0 ? 'other' : 'incomplete' };
  const length = bytes.readInt32BE(0);
  if (length < 8 || length > longest) return { kind: 'other' };
  const code = bytes.readInt32BE(4);
  if (negotiations.has(code)) return { kind: 'negotiation' };
  // Major version 3; the minor one is negotiated.
  if (code >> 16 !== 3) return { kind: 'other' };
  if (bytes.length < length) return { kind: 'incomplete' };
  const words = bytes.toString('utf8', 8, length).split('\0');
  const parameters = new Map<string, string>();
  for (let at = 0; at + 1 < words.length; at += 2) parameters.set(words[at] ?? '', words[at + 1] ?? '');
  const user = parameters.get('user') ?? '';
  return { kind: 'startup', user, database: parameters.get('database') || user };
}
