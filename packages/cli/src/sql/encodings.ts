import { isAscii } from 'node:buffer';
import { TextDecoder } from 'node:util';

/** The number of bytes of a character, by its first two. */
export type CharacterLength = (first: number, second: number) => number;

const twoBytes: CharacterLength = (first) => (first < 0x80 ? 1 : 2);

/**
 * The encodings of clients in which a byte of a character after its first may be ASCII, such as the backslash (0x5c).
 * No server uses them: it converts its input, and reads the result (`src/common/wchar.c`: `pg_*_mblen()`).
 */
const withAsciiTrail: Readonly<Record<string, CharacterLength>> = {
  SJIS: (first) => (first < 0x80 || (first >= 0xa1 && first <= 0xdf) ? 1 : 2),
  SHIFT_JIS_2004: (first) => (first < 0x80 || (first >= 0xa1 && first <= 0xdf) ? 1 : 2),
  BIG5: twoBytes,
  GBK: twoBytes,
  UHC: twoBytes,
  JOHAB: twoBytes,
  GB18030: (first, second) => {
    if (first < 0x80) return 1;
    return second >= 0x30 && second <= 0x39 ? 4 : 2;
  },
};

/**
 * Finds the bounds of characters in an encoding whose trailing bytes may be ASCII; `undefined` for all other encodings.
 */
export function characterLengthOf(encoding: string): CharacterLength | undefined {
  return withAsciiTrail[encoding];
}

/** Names of PostgreSQL's for which the Encoding Standard has another one. */
const labels: Readonly<Record<string, string>> = {
  UTF8: 'utf-8',
  SJIS: 'shift_jis',
  SHIFT_JIS_2004: 'shift_jis',
  EUC_JP: 'euc-jp',
  EUC_JIS_2004: 'euc-jp',
  EUC_KR: 'euc-kr',
  UHC: 'euc-kr',
  EUC_CN: 'gbk',
  KOI8R: 'koi8-r',
  KOI8U: 'koi8-u',
  WIN866: 'ibm866',
  LATIN1: 'iso-8859-1',
  LATIN2: 'iso-8859-2',
  LATIN3: 'iso-8859-3',
  LATIN4: 'iso-8859-4',
  LATIN5: 'iso-8859-9',
  LATIN6: 'iso-8859-10',
  LATIN7: 'iso-8859-13',
  LATIN8: 'iso-8859-14',
  LATIN9: 'iso-8859-15',
  LATIN10: 'iso-8859-16',
};

/** Text in one of PostgreSQL's encodings. Bytes that cannot be decoded are read as UTF-8, or else one by one. */
export function decodeText(bytes: Buffer, encoding: string): string {
  // Most text of a dump, and the same in each encoding.
  if (isAscii(bytes)) return bytes.toString('latin1');
  const label = labels[encoding] ?? encoding.replace(/^WIN/, 'windows-').replace('ISO_8859_', 'iso-8859-');
  for (const candidate of [label, 'utf-8']) {
    try {
      return decoderOf(candidate).decode(bytes);
    } catch {
      // It is not in that encoding, or Node does not support it.
    }
  }
  return bytes.toString('latin1');
}

const decoders = new Map<string, TextDecoder>();

/** Making one costs more than a short text does. */
function decoderOf(label: string): TextDecoder {
  let decoder = decoders.get(label);
  if (decoder === undefined) {
    decoder = new TextDecoder(label, { fatal: true });
    decoders.set(label, decoder);
  }
  return decoder;
}
