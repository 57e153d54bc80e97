/** One token of a statement, and where it stands. */
export interface SqlToken {
  /** `word`: a bare identifier or keyword. `name`: a quoted identifier. `mark`: one other character. */
  readonly kind: 'word' | 'name' | 'string' | 'body' | 'mark' | 'unreadable';
  /** What the token stands for: folded, unquoted. */
  readonly value: string;
  readonly start: number;
  readonly end: number;
}

/** White space and comments, which nest, so that `/*` is only where one begins. */
const skipped = /\s+|--[^\n]*|\/\*/y;

/** What a token looks like, in the order in which the lexer of PostgreSQL decides. */
const shapes: readonly (readonly [SqlToken['kind'], RegExp])[] = [
  // Unicode escapes and backslashes: a name or a string whose value only the server knows.
  ['unreadable', /[uU]&"(?:[^"]|"")*"|[uU]&'(?:[^']|'')*'|[eE]'(?:[^'\\]|\\[^]|'')*'/y],
  ['string', /[nNbBxX]?'(?:[^']|'')*'/y],
  ['name', /"(?:[^"]|"")+"/y],
  ['body', /\$([A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$[^]*?\$\1\$/y],
  ['word', /[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*/y],
  ['mark', /[^"']/y],
];

/**
 * Takes SQL apart as the lexer of PostgreSQL does (with `standard_conforming_strings`, the default since 9.1).
 *
 * @returns `undefined` for what ends in the middle of a comment, a name or a string
 * @see https://www.postgresql.org/docs/current/sql-syntax-lexical.html
 */
export function sqlTokens(sql: string): SqlToken[] | undefined {
  const tokens: SqlToken[] = [];
  let at = 0;
  while (at < sql.length) {
    skipped.lastIndex = at;
    const blank = skipped.exec(sql)?.[0];
    if (blank === '/*') {
      const end = endOfComment(sql, at);
      if (end === undefined) return undefined;
      at = end;
    } else if (blank !== undefined) {
      at += blank.length;
    } else {
      const token = tokenAt(sql, at);
      if (token === undefined) return undefined;
      tokens.push(token);
      at = token.end;
    }
  }
  return tokens;
}

function tokenAt(sql: string, start: number): SqlToken | undefined {
  for (const [kind, shape] of shapes) {
    shape.lastIndex = start;
    const text = shape.exec(sql)?.[0];
    if (text !== undefined) return { kind, value: valueOf(kind, text), start, end: start + text.length };
  }
  return undefined;
}

function valueOf(kind: SqlToken['kind'], text: string): string {
  switch (kind) {
    case 'word':
      // As the server folds where a character may be several bytes long: ASCII only.
      return text.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());
    case 'name':
      return text.slice(1, -1).replaceAll('""', '"');
    case 'string':
      return text.slice(text.indexOf("'") + 1, -1).replaceAll("''", "'");
    case 'body': {
      const delimiter = text.slice(0, text.indexOf('$', 1) + 1);
      return text.slice(delimiter.length, -delimiter.length);
    }
    case 'mark':
    case 'unreadable':
      return text;
  }
}

function endOfComment(sql: string, start: number): number | undefined {
  let depth = 0;
  const edge = /\/\*|\*\//g;
  edge.lastIndex = start;
  for (let match = edge.exec(sql); match !== null; match = edge.exec(sql)) {
    depth += match[0] === '/*' ? 1 : -1;
    if (depth === 0) return edge.lastIndex;
  }
  return undefined;
}

/** The statements of a string, without the semicolons between them; empty ones are left out. */
export function splitStatements(tokens: readonly SqlToken[]): SqlToken[][] {
  const statements: SqlToken[][] = [[]];
  for (const token of tokens) {
    if (token.kind === 'mark' && token.value === ';') statements.push([]);
    else statements.at(-1)?.push(token);
  }
  return statements.filter((statement) => statement.length > 0);
}
