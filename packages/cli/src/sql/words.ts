import {
  beginsName,
  blockCommentEnd,
  byte,
  dollarEnd,
  isSpace,
  type Lexis,
  lineCommentEnd,
  nameEnd,
  needsMore,
  type Piece,
  quotedNameEnd,
  stringEnd,
} from './lexer.js';

/** A word without quotes; a quoted name; a literal, which has no text here; or a sign. */
export interface Token {
  readonly kind: 'word' | 'name' | 'literal' | 'sign';
  /** Byte by byte, a name without its quotes. */
  readonly text: string;
  /** Whether a name has escapes in it: `U&"…"`. */
  readonly isEscaped?: true;
  /** The value of a short string without escapes. */
  readonly value?: string;
}

/** Reads the tokens of one statement, with the server's rules for white space and comments. */
class Tokens {
  readonly #piece: Piece;
  readonly #lexis: Lexis;
  #at = 0;

  constructor(statement: Buffer, lexis: Lexis) {
    this.#piece = { bytes: statement, end: statement.length, isLast: true };
    this.#lexis = lexis;
  }

  /** The next token; `undefined` after the last. */
  next(): Token | undefined {
    const { bytes, end } = this.#piece;
    while (this.#at < end) {
      const at = this.#at;
      const code = bytes[at] as number;
      // A dump is indented, so there is much of it.
      if (isSpace(code)) this.#at += 1;
      else {
        const token = this.#read(at, code);
        if (token !== undefined) return token;
      }
    }
    return undefined;
  }

  /** The token there; `undefined` for a comment. */
  // oxlint-disable-next-line complexity -- a case for each thing that a statement is made of
  #read(at: number, code: number): Token | undefined {
    const piece = this.#piece;
    const lexis = this.#lexis;
    const statement = piece.bytes;
    const next = statement[at + 1];
    let end = at + 1;
    let token: Token | undefined;
    if (beginsName(code)) {
      end = nameEnd(piece, at, lexis);
      if (end === at + 1 && statement[end] === byte.quote) {
        const letter = String.fromCharCode(code).toLowerCase();
        const escapes = letter === 'e' || (lexis.backslashEscapes && letter !== 'b' && letter !== 'x');
        end = stringEnd(piece, end, escapes, lexis);
        token = literal;
      } else if (end === at + 1 && beginsEscapedName(statement, at)) {
        end = wholeQuotedName(piece, at + 2);
        token = { kind: 'name', text: withinQuotes(piece, at + 2, end), isEscaped: true };
      } else token = { kind: 'word', text: statement.toString('latin1', at, end) };
    } else if (code === byte.quote) {
      end = stringEnd(piece, at, lexis.backslashEscapes, lexis);
      token = stringOf(statement, at, end);
    } else if (code === byte.doubleQuote) {
      end = wholeQuotedName(piece, at);
      token = { kind: 'name', text: withinQuotes(piece, at, end) };
    } else if (code === byte.dollar) {
      end = dollarEnd(piece, at, lexis);
      token = literal;
    } else if (code === byte.minus && next === byte.minus) end = lineCommentEnd(piece, at);
    else if (code === byte.slash && next === byte.star) end = blockCommentEnd(piece, at);
    else token = { kind: 'sign', text: String.fromCharCode(code) };
    this.#at = end === needsMore ? piece.end : end;
    return token;
  }
}

/** Whether `U&"` stands here. */
function beginsEscapedName(statement: Buffer, at: number): boolean {
  return /^u&"$/i.test(statement.toString('latin1', at, at + 3));
}

function withinQuotes({ bytes, end: last }: Piece, at: number, end: number): string {
  return bytes.toString('latin1', at + 1, end === needsMore ? last : end - 1).replaceAll('""', '"');
}

function stringOf(statement: Buffer, at: number, end: number): Token {
  // Longer than the name of any setting.
  if (end === needsMore || end - at > 100) return literal;
  const value = statement.toString('latin1', at + 1, end - 1);
  return value.includes('\\') ? literal : { kind: 'literal', text: '', value };
}

function wholeQuotedName(piece: Piece, at: number): number {
  let end = quotedNameEnd(piece, at);
  while (end !== needsMore && piece.bytes[end] === byte.doubleQuote) end = quotedNameEnd(piece, end);
  return end;
}

/** The tokens of a statement, read on demand. */
export class Words {
  readonly #statement: Buffer;
  readonly #source: Tokens;
  readonly #read: Token[] = [];
  /** The keywords that were asked for. */
  readonly #keywords: string[] = [];

  constructor(statement: Buffer, lexis: Lexis) {
    this.#statement = statement;
    this.#source = new Tokens(statement, lexis);
  }

  /**
   * Whether text stands anywhere in the statement, also within a literal. That is much cheaper than reading its tokens.
   *
   * @param pattern ASCII only
   */
  mentions(pattern: RegExp): boolean {
    return pattern.test(this.#statement.toString('latin1'));
  }

  /** The token at an index; `undefined` after the last. */
  at(index: number): Token | undefined {
    while (this.#read.length <= index) {
      const token = this.#source.next();
      if (token === undefined) return undefined;
      this.#read.push(token);
    }
    return this.#read[index];
  }

  /** The keyword at an index, in capitals; empty for anything else. */
  keyword(index: number): string {
    const known = this.#keywords[index];
    if (known !== undefined) return known;
    const token = this.at(index);
    if (token === undefined) return '';
    const keyword = token.kind === 'word' ? token.text.toUpperCase() : '';
    this.#keywords[index] = keyword;
    return keyword;
  }

  /** The index of the first of some keywords outside of parentheses, from an index on; -1 if there is none. */
  find(keywords: ReadonlySet<string>, from = 0): number {
    let depth = 0;
    for (let index = from; ; index += 1) {
      const token = this.at(index);
      if (token === undefined) return -1;
      if (token.kind === 'sign' && token.text === '(') depth += 1;
      else if (token.kind === 'sign' && token.text === ')') depth -= 1;
      else if (depth === 0 && keywords.has(this.keyword(index))) return index;
    }
  }

  /** The name at an index as the server has it: capitals count only within quotes. */
  name(index: number, decode: (bytes: Buffer) => string): string | undefined {
    const token = this.at(index);
    if (token?.kind !== 'word' && token?.kind !== 'name') return undefined;
    const text = ascii.test(token.text) ? token.text : decode(Buffer.from(token.text, 'latin1'));
    if (token.isEscaped) {
      // Another sign may begin the escapes.
      return this.keyword(index + 1) === 'UESCAPE' ? undefined : unescaped(text);
    }
    return token.kind === 'name' ? text : text.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());
  }
}

/** Text that is the same in each encoding. */
const ascii = /^[\0-\x7F]*$/;

function unescaped(text: string): string {
  return text.replaceAll(/\\(?:\\|\+([\da-f]{6})|([\da-f]{4}))/gi, (whole, long?: string, short?: string) => {
    const code = Number.parseInt(long ?? short ?? '5c', 16);
    return code > 0x10_ff_ff ? whole : String.fromCodePoint(code);
  });
}

const literal: Token = { kind: 'literal', text: '' };

/** The beginning of a statement, on one line, for messages and reports. */
export function beginningOf(statement: Buffer, decode: (bytes: Buffer) => string): string {
  const longest = 80;
  const text = decode(statement.subarray(0, 4 * longest))
    .replaceAll(/^(?:\s+|--[^\n\r]*(?:[\n\r]|$)|\/\*[\s\S]*?\*\/)+/g, '')
    .replaceAll(/\s+/g, ' ')
    .replace(/;?\s*$/, '');
  // Not between the two halves of a character.
  return text.length <= longest ? text : `${text.slice(0, longest - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;
}
