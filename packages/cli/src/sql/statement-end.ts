import {
  beginsName,
  blockCommentEnd,
  byte,
  dollarEnd,
  type Lexis,
  lineCommentEnd,
  nameEnd,
  needsMore,
  type Piece,
  quotedNameEnd,
  stringEnd,
} from './lexer.js';

/** The construct in which a statement that is cut off ends. */
export type OpenLiteral = 'a string' | 'a quoted name' | 'a dollar-quoted string' | 'a comment';

/**
 * Looks for the end of one statement, as psql does (`src/fe_utils/psqlscan.l`): the first semicolon outside of
 * literals, comments, parentheses and the body of `CREATE FUNCTION … BEGIN ATOMIC … END`. Continues where it stopped
 * when there is more to read. Safety does not depend on it: the server refuses two statements that are sent as one.
 */
export class StatementEnd {
  /** Its progress, from the statement's beginning. */
  #at = 0;
  #parentheses = 0;
  #begins = 0;
  /** The first letters of the first words, for `CREATE OR REPLACE FUNCTION`. */
  #initials = '';
  #isRoutine = false;
  #open: OpenLiteral | undefined;
  readonly #nests: boolean;

  /** @param nests false: every semicolon ends a statement, even within a block */
  constructor({ nests = true }: { readonly nests?: boolean } = {}) {
    this.#nests = nests;
  }

  /** The construct in which the statement ended, if its last byte was reached in the middle of it. */
  get open(): OpenLiteral | undefined {
    return this.#open;
  }

  /** Begins with a new statement. */
  reset(): void {
    this.#at = 0;
    this.#parentheses = 0;
    this.#begins = 0;
    this.#initials = '';
    this.#isRoutine = false;
    this.#open = undefined;
  }

  /**
   * Scans a piece in which the statement begins at `start`.
   *
   * @returns the index after its semicolon, or after the last byte if nothing follows; {@link needsMore}
   */
  // oxlint-disable-next-line complexity -- a case for each thing that a statement is made of
  find(piece: Piece, start: number, lexis: Lexis): number {
    const { bytes, end, isLast } = piece;
    let at = start + this.#at;
    while (at < end) {
      const code = bytes[at] as number;
      let next = at + 1;
      if (beginsName(code)) {
        next = nameEnd(piece, at, lexis);
        if (next === at + 1 && next < end && bytes[next] === byte.quote)
          next = this.#literal(piece, next, 'a string', lexis, code);
        else if (next !== needsMore) this.#word(bytes, at, next);
      } else if (code === byte.semicolon) {
        if (!this.#nests || (this.#parentheses === 0 && this.#begins === 0)) return next;
      } else if (code === byte.opening) this.#parentheses += 1;
      else if (code === byte.closing) this.#parentheses = Math.max(0, this.#parentheses - 1);
      else if (code === byte.quote) next = this.#literal(piece, at, 'a string', lexis, 0);
      else if (code === byte.doubleQuote) next = this.#literal(piece, at, 'a quoted name', lexis, 0);
      else if (code === byte.dollar) next = this.#literal(piece, at, 'a dollar-quoted string', lexis, 0);
      else if (code === byte.minus || code === byte.slash) {
        if (next >= end && !isLast) next = needsMore;
        else if (bytes[next] === byte.minus && code === byte.minus) next = lineCommentEnd(piece, at);
        else if (bytes[next] === byte.star && code === byte.slash)
          next = this.#literal(piece, at, 'a comment', lexis, 0);
      }
      if (next === needsMore) {
        this.#at = at - start;
        return isLast ? end : needsMore;
      }
      at = next;
    }
    this.#at = end - start;
    return isLast ? end : needsMore;
  }

  #literal(piece: Piece, at: number, what: OpenLiteral, lexis: Lexis, prefix: number): number {
    const next = literalEnd(piece, at, what, lexis, prefix);
    if (next === needsMore && piece.isLast) this.#open = what;
    return next;
  }

  #word(bytes: Buffer, at: number, end: number): void {
    if (this.#initials.length < 4) {
      const word = bytes.toString('latin1', at, end).toLowerCase();
      if (this.#initials === '' && word !== 'create') {
        this.#initials = '----';
        return;
      }
      this.#initials += /^(?:create|or|replace|function|procedure)$/.test(word) ? word.charAt(0) : '-';
      this.#isRoutine = /^c(?:or)?[fp]/.test(this.#initials);
    } else if (this.#isRoutine && this.#parentheses === 0 && end - at <= 5) {
      const word = bytes.toString('latin1', at, end).toLowerCase();
      if (word === 'begin' || (word === 'case' && this.#begins > 0)) this.#begins += 1;
      else if (word === 'end' && this.#begins > 0) this.#begins -= 1;
    }
  }
}

function literalEnd(piece: Piece, at: number, what: OpenLiteral, lexis: Lexis, prefix: number): number {
  switch (what) {
    case 'a string': {
      const letter = prefix === 0 ? '' : char(prefix).toLowerCase();
      const escapes = letter === 'e' || (lexis.backslashEscapes && letter !== 'b' && letter !== 'x');
      return stringEnd(piece, at, escapes, lexis);
    }
    case 'a quoted name':
      return quotedNameEnd(piece, at);
    case 'a dollar-quoted string':
      return dollarEnd(piece, at, lexis);
    case 'a comment':
      return blockCommentEnd(piece, at);
  }
}

const char = (code: number): string => String.fromCharCode(code);
