/**
 * SQL that sends a text's bytes, as hexadecimal digits, to be read by {@link readRawText}. The server shows the queries
 * and names of sessions in the encodings of their databases, and may cut them off in the middle of a character. Sent as
 * text, they would be converted to the client's encoding, and a single byte that cannot be converted would fail the
 * whole statement.
 *
 * @param column an SQL expression
 */
export function rawText(column: string): string {
  const backslash = 'pg_catalog.chr(92)';
  const escaped = `pg_catalog.replace((${column})::text, ${backslash}, pg_catalog.repeat(${backslash}, 2))`;
  return `pg_catalog.encode(pg_catalog.decode(${escaped}, 'escape'), 'hex')`;
}

/** The names that TextDecoder has for the encodings of databases. UTF-8 is tried first, for every database. */
const decoders: Readonly<Record<string, string>> = {
  LATIN1: 'iso-8859-1',
  LATIN2: 'iso-8859-2',
  LATIN9: 'iso-8859-15',
  WIN1250: 'windows-1250',
  WIN1251: 'windows-1251',
  WIN1252: 'windows-1252',
  WIN1253: 'windows-1253',
  WIN1254: 'windows-1254',
  WIN866: 'ibm866',
  KOI8R: 'koi8-r',
  KOI8U: 'koi8-u',
  EUC_JP: 'euc-jp',
  EUC_KR: 'euc-kr',
  EUC_CN: 'gbk',
};

/**
 * Reads the result of {@link rawText}. Bytes that are text in none of the possible encodings are shown escaped: `\xe9`.
 *
 * @param encoding that of the database it is from, as PostgreSQL calls it
 */
export function readRawText(hex: string, encoding: string | null): string {
  const bytes = Buffer.from(hex, 'hex');
  for (const name of ['utf-8', decoders[encoding ?? '']]) {
    const text = name === undefined ? undefined : decodeCutOff(bytes, name);
    if (text !== undefined) return text;
  }
  return escapeBytes(bytes);
}

/** Decodes a text that may be cut off in the middle of its last character. */
function decodeCutOff(bytes: Buffer, encoding: string): string | undefined {
  for (let cut = 0; cut < 4; cut += 1) {
    const end = bytes.length - cut;
    const text = decode(bytes.subarray(0, end), encoding);
    if (text !== undefined) return text + escapeBytes(bytes.subarray(end));
  }
  return undefined;
}

/** The characters that windows-1252 has where ISO 8859-1 has controls. Node 20 decodes ISO 8859-1 as windows-1252. */
const windows1252 = '€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008DŽ\u008F\u0090‘’“”•–—˜™š›œ\u009DžŸ';

function decode(bytes: Uint8Array, encoding: string): string | undefined {
  if (encoding === 'iso-8859-1') return Buffer.from(bytes).toString('latin1');
  if (encoding === 'windows-1252') {
    return Buffer.from(bytes)
      .toString('latin1')
      .replaceAll(/[\u0080-\u009F]/g, (control) => windows1252[control.charCodeAt(0) - 0x80] ?? control);
  }
  try {
    return new TextDecoder(encoding, { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** The characters of UTF-8 that there are, every other byte escaped. */
function escapeBytes(bytes: Buffer): string {
  let text = '';
  for (let at = 0; at < bytes.length;) {
    const lead = bytes[at] ?? 0;
    const length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    const character = decode(bytes.subarray(at, at + length), 'utf-8');
    text += character ?? `\\x${lead.toString(16).padStart(2, '0')}`;
    at += character === undefined ? 1 : length;
  }
  return text;
}
