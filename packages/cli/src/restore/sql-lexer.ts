/** What a name or keyword is made of. Bytes from 128 are letters, in whatever encoding. */
function isWordByte(byte: number): boolean {
  return (
    (byte >= 97 && byte <= 122) ||
    (byte >= 65 && byte <= 90) ||
    (byte >= 48 && byte <= 57) ||
    byte === 95 ||
    byte >= 128
  );
}

/** What is told of a file of SQL while it is read. Line numbers are the lexer's `line`. */
export interface SqlListener {
  /** A keyword or a name without quotes, in capitals. */
  word(word: string): void;
  /** A statement is over. Returns what follows: SQL, or the data of `COPY … FROM stdin`; how strings are from now on. */
  statement(): { readonly data: boolean; readonly backslashEscapes: boolean };
  /** A comment that begins with `--`, whole. */
  comment(text: string): void;
  /** A command of psql's, without its backslash. */
  command(text: string): void;
}

type State = 'sql' | 'string' | 'identifier' | 'tag' | 'dollar' | 'comment' | 'block' | 'command' | 'data';

const newline = 10;
const quote = 39;
const doubleQuote = 34;
const dollar = 36;
const backslash = 92;
const minus = 45;
const slash = 47;
const star = 42;
const semicolon = 59;
const opening = 40;
const closing = 41;

const longestText = 4096;
const longestWord = 64;

/** Stands for the beginning of a row that cannot be the end of the data, `\.` and perhaps a carriage return. */
const someRow = '(row)';

/**
 * Takes a file of SQL apart as psql does (`src/fe_utils/psqlscan.l`): what is in strings, dollar quotes, comments and the
 * data of COPY is no statement. Works on bytes, chunk by chunk, as dumps are large; what matters is ASCII in every
 * encoding a client may have.
 */
export class SqlLexer {
  line = 1;
  readonly #listener: SqlListener;
  #state: State = 'sql';
  #previous = 0;
  #word = '';
  #text = '';
  #delimiter = '';
  #matched = 0;
  #depth = 0;
  #parentheses = 0;
  #escapes = false;
  #escaped = false;
  #backslashEscapes = false;
  #dataFollows = false;
  #afterData: State = 'sql';

  constructor(listener: SqlListener) {
    this.#listener = listener;
  }

  push(chunk: Buffer): void {
    for (let at = 0; at < chunk.length; at += 1) {
      // Most of a dump is data, and all that counts of a line is whether it is the last.
      if (this.#state === 'data' && this.#text.length >= someRow.length) {
        at = chunk.indexOf(newline, at);
        if (at === -1) return;
      }
      const byte = chunk[at] as number;
      this.#previous = this.#step(byte);
      if (byte === newline) this.#beginLine();
    }
  }

  /** psql takes the data of COPY from the line after it, whatever else is on that line, and then goes on there. */
  #beginLine(): void {
    this.line += 1;
    if (!this.#dataFollows) return;
    this.#dataFollows = false;
    this.#afterData = this.#state;
    this.#enter('data', '');
  }

  /** The file is over. Returns whether it ended between two statements, and not within something. */
  end(): boolean {
    if (this.#state === 'sql' || this.#state === 'comment' || this.#state === 'command') this.#step(newline);
    const isWhole = this.#state === 'sql' && !this.#dataFollows;
    this.#listener.statement();
    return isWhole;
  }

  /** Returns what the next byte has before it. */
  #step(byte: number): number {
    switch (this.#state) {
      case 'sql':
        return this.#sql(byte);
      case 'string':
        if (this.#escaped) this.#escaped = false;
        else if (this.#escapes && byte === backslash) this.#escaped = true;
        else if (byte === quote) this.#state = 'sql';
        return byte;
      case 'identifier':
        if (byte === doubleQuote) this.#state = 'sql';
        return byte;
      case 'tag':
        return this.#tag(byte);
      case 'dollar':
        if (byte === this.#delimiter.charCodeAt(this.#matched)) this.#matched += 1;
        else this.#matched = byte === dollar ? 1 : 0;
        if (this.#matched === this.#delimiter.length) this.#state = 'sql';
        return byte;
      case 'block':
        return this.#block(byte);
      case 'comment':
      case 'command':
        return this.#restOfLine(byte);
      case 'data':
        return this.#data(byte);
    }
  }

  #sql(byte: number): number {
    if (isWordByte(byte) || (byte === dollar && this.#word !== '')) {
      if (this.#word.length < longestWord) this.#word += String.fromCharCode(byte);
      return byte;
    }
    const word = this.#word.toUpperCase();
    this.#word = '';
    if (word !== '') this.#listener.word(word);
    const before = this.#previous;
    if (byte === quote) {
      // A quote doubled within a string: the string goes on.
      if (before !== quote) this.#escapes = word === 'E' || this.#backslashEscapes;
      this.#state = 'string';
    } else if (byte === doubleQuote) this.#state = 'identifier';
    else if (byte === dollar) this.#enter('tag', '$');
    else if (byte === minus && before === minus) this.#enter('comment', '--');
    else if (byte === backslash) this.#enter('command', '');
    else if (byte === opening) this.#parentheses += 1;
    else if (byte === closing) this.#parentheses = Math.max(0, this.#parentheses - 1);
    else if (byte === semicolon && this.#parentheses === 0) {
      const { data, backslashEscapes } = this.#listener.statement();
      this.#dataFollows = data;
      this.#backslashEscapes = backslashEscapes;
    } else if (byte === star && before === slash) {
      this.#state = 'block';
      this.#depth = 1;
      return 0;
    }
    return byte;
  }

  #data(byte: number): number {
    if (byte === newline) {
      if (/^\\\.\r?$/.test(this.#text)) this.#state = this.#afterData;
      this.#text = '';
    } else if (this.#text === '' && byte !== backslash) this.#text = someRow;
    else this.#collect(byte);
    return byte;
  }

  #tag(byte: number): number {
    if (isWordByte(byte)) {
      this.#collect(byte);
      return byte;
    }
    if (byte !== dollar) {
      // It was a parameter, $1.
      this.#state = 'sql';
      return this.#sql(byte);
    }
    this.#state = 'dollar';
    this.#delimiter = `${this.#text}$`;
    this.#matched = 0;
    return byte;
  }

  #block(byte: number): number {
    if (byte === slash && this.#previous === star) {
      this.#depth -= 1;
      if (this.#depth === 0) this.#state = 'sql';
      return 0;
    }
    if (byte === star && this.#previous === slash) {
      this.#depth += 1;
      return 0;
    }
    return byte;
  }

  #restOfLine(byte: number): number {
    if (byte !== newline) {
      this.#collect(byte);
      return byte;
    }
    const text = this.#text.trimEnd();
    if (this.#state === 'comment') this.#listener.comment(text);
    else this.#listener.command(text);
    this.#state = 'sql';
    return byte;
  }

  #enter(state: State, text: string): void {
    this.#state = state;
    this.#text = text;
  }

  #collect(byte: number): void {
    if (this.#text.length < longestText) this.#text += String.fromCharCode(byte);
  }
}
