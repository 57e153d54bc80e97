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
