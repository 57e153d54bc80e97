import type { CharacterLength } from './encodings.js';

/** The settings that decide how the server reads SQL, as it last reported them. */
export interface Lexis {
  /** Whether a backslash escapes in every string: `standard_conforming_strings` is off. */
  readonly backslashEscapes: boolean;
  readonly characterLength: CharacterLength | undefined;
}

/** Returned if a token may go on after the end of the bytes read so far. */
export const needsMore = -1;

export const byte = {
  tab: 9,
  newline: 10,
  verticalTab: 11,
  formFeed: 12,
  carriageReturn: 13,
  space: 32,
  doubleQuote: 34,
  dollar: 36,
  quote: 39,
  opening: 40,
  closing: 41,
  star: 42,
  minus: 45,
  dot: 46,
  slash: 47,
  semicolon: 59,
  backslash: 92,
} as const;

/** 1: begins a name; 2: goes on in one; 3: a digit, which goes on in one. Bytes from 128 are letters. */
const nameClass = new Uint8Array(256);
for (let code = 0; code < 256; code += 1) {
  const letter = String.fromCharCode(code);
  if (code >= 128 || /[A-Za-z_]/.test(letter)) nameClass[code] = 1;
  else if (letter === '$') nameClass[code] = 2;
  else if (/\d/.test(letter)) nameClass[code] = 3;
}

export const beginsName = (code: number): boolean => nameClass[code] === 1;
const isDigit = (code: number): boolean => nameClass[code] === 3;

/** White space as the server has it; the vertical tab counts since PostgreSQL 16 and is an error before. */
export const isSpace = (code: number): boolean =>
  code === byte.space || (code >= byte.tab && code <= byte.carriageReturn);

const isLineEnd = (code: number): boolean => code === byte.newline || code === byte.carriageReturn;

/** A piece of SQL: the bytes from `start` to `end`, which may be followed by others. */
export interface Piece {
  readonly bytes: Buffer;
  readonly end: number;
  /** Whether nothing follows. */
  readonly isLast: boolean;
}

/** The end of a name that begins at `at`. */
export function nameEnd({ bytes, end, isLast }: Piece, at: number, { characterLength }: Lexis): number {
  let index = at;
  while (index < end) {
    const code = bytes[index] as number;
    if (nameClass[code] === 0) return index;
    if (code >= 128 && characterLength !== undefined) {
      if (index + 1 >= end && !isLast) return needsMore;
      index += characterLength(code, bytes[index + 1] ?? 0);
    } else index += 1;
  }
  return isLast ? end : needsMore;
}

/** The end of a comment that begins with `--` at `at`: at its line end, which may be a carriage return alone. */
export function lineCommentEnd({ bytes, end, isLast }: Piece, at: number): number {
  const found = bytes.indexOf(byte.newline, at);
  const newline = found === -1 || found >= end ? end : found;
  const before = bytes.subarray(at, newline).indexOf(byte.carriageReturn);
  if (before !== -1) return at + before;
  return newline < end || isLast ? newline : needsMore;
}

/** The end of a comment that begins with a slash and a star at `at`; such comments nest. */
export function blockCommentEnd({ bytes, end }: Piece, at: number): number {
  let depth = 1;
  for (let index = at + 2; index + 1 < end; index += 1) {
    const [code, next] = [bytes[index], bytes[index + 1]];
    if (code === byte.star && next === byte.slash) {
      depth -= 1;
      if (depth === 0) return index + 2;
      index += 1;
    } else if (code === byte.slash && next === byte.star) {
      depth += 1;
      index += 1;
    }
  }
  return needsMore;
}

/** The end of a quoted name. A doubled quote within counts as the end of one name and the beginning of the next. */
export function quotedNameEnd({ bytes, end }: Piece, at: number): number {
  const close = bytes.indexOf(byte.doubleQuote, at + 1);
  return close === -1 || close >= end ? needsMore : close + 1;
}

/**
 * The end of a string whose quote is at `at`. Where a backslash escapes in it and not in every other string, it goes on
 * in what follows it on a later line (`'a'⏎'b'` is one string).
 */
export function stringEnd(piece: Piece, at: number, escapes: boolean, lexis: Lexis): number {
  const { bytes, end } = piece;
  let index = at + 1;
  for (;;) {
    if (!escapes) {
      const close = bytes.indexOf(byte.quote, index);
      return close === -1 || close >= end ? needsMore : close + 1;
    }
    index = escapedStringClose(piece, index, lexis);
    if (index === needsMore || lexis.backslashEscapes) return index;
    const next = continuation(piece, index);
    if (next === undefined || next === needsMore) return next ?? index;
    index = next + 1;
  }
}

/** The position after the closing quote of a string in which a backslash escapes. */
function escapedStringClose({ bytes, end }: Piece, at: number, { characterLength }: Lexis): number {
  let index = at;
  while (index < end) {
    const code = bytes[index] as number;
    if (code === byte.quote) return index + 1;
    if (code === byte.backslash) index += 2;
    else if (code >= 128 && characterLength !== undefined) {
      index += characterLength(code, bytes[index + 1] ?? 0);
    } else index += 1;
  }
  return needsMore;
}

/**
 * The position of the quote with which a string continues after white space that contains a line end; or `undefined`.
 */
function continuation(piece: Piece, at: number): number | undefined {
  const { bytes, end, isLast } = piece;
  let hasLineEnd = false;
  let index = at;
  while (index < end) {
    const code = bytes[index] as number;
    if (isSpace(code)) {
      hasLineEnd ||= isLineEnd(code);
      index += 1;
    } else if (code === byte.minus && (bytes[index + 1] === byte.minus || index + 1 >= end)) {
      if (index + 1 >= end) return isLast ? undefined : needsMore;
      index = lineCommentEnd(piece, index);
      if (index === needsMore) return needsMore;
    } else return code === byte.quote && hasLineEnd ? index : undefined;
  }
  return isLast ? undefined : needsMore;
}

/**
 * The end of a token that begins with a dollar sign at `at`: a dollar-quoted string, a parameter, or the sign alone.
 */
export function dollarEnd(piece: Piece, at: number, lexis: Lexis): number {
  const { bytes, end, isLast } = piece;
  let index = at + 1;
  if (index >= end) return isLast ? end : needsMore;
  const first = bytes[index] as number;
  if (isDigit(first)) {
    while (index < end && isDigit(bytes[index] as number)) index += 1;
    return index < end || isLast ? index : needsMore;
  }
  if (first !== byte.dollar) {
    if (!beginsName(first)) return index;
    index = tagEnd(piece, index, lexis);
    if (index === needsMore) return needsMore;
    if (bytes[index] !== byte.dollar || index >= end) return at + 1;
  }
  const delimiter = bytes.subarray(at, index + 1);
  const close = bytes.indexOf(delimiter, index + 1);
  return close === -1 || close + delimiter.length > end ? needsMore : close + delimiter.length;
}

function tagEnd({ bytes, end, isLast }: Piece, at: number, { characterLength }: Lexis): number {
  let index = at;
  while (index < end) {
    const code = bytes[index] as number;
    if (nameClass[code] === 0 || code === byte.dollar) return index;
    index += code >= 128 && characterLength !== undefined ? characterLength(code, bytes[index + 1] ?? 0) : 1;
  }
  return isLast ? end : needsMore;
}
