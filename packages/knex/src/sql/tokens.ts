/** One token of a statement, and where it stands. */
export interface SqlToken {
  /** `word`: a bare identifier or keyword. `name`: a quoted identifier. `mark`: one other character. */
  readonly kind: 'word' | 'name' | 'string' | 'body' | 'mark' | 'unreadable';
  /** The meaning of the token: folded, unquoted. */
  readonly value: string;
  readonly start: number;
  readonly end: number;
}

/** White space and comments, which nest, so that `/*` is only where one begins. */
const skipped = /\s+|--[^\n]*|\/\*/y;

/**
 * Where a string or a quoted name begins. Unicode escapes and backslashes make one whose value only the server knows.
 * Where it ends is looked for without an expression: one that repeats a choice runs out of stack in 20 MB of text.
 */
const opening = /[uU]&["']|[eEnNbBxX]?'|"/y;

/** Where a body begins. One that does not end is an error to the server, too. */
const bodyBegins = /\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$/y;

const word = /[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*/y;

/**
 * Splits SQL like the lexer of PostgreSQL (with `standard_conforming_strings`, the default since 9.1).
 *
 * @returns `undefined` for a text that ends in the middle of a comment, a name or a string
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
  const found = quotedAt(sql, start) ??
    bodyAt(sql, start) ?? {
      kind: matchAt(word, sql, start) === undefined ? ('mark' as const) : ('word' as const),
      end: start + (matchAt(word, sql, start)?.length ?? 1),
    };
  const { kind, end } = found;
  return end === undefined ? undefined : { kind, value: valueOf(kind, sql.slice(start, end)), start, end };
}

/** The end is missing where the text ends before. */
interface Found {
  readonly kind: SqlToken['kind'];
  readonly end: number | undefined;
}

function quotedAt(sql: string, start: number): Found | undefined {
  const opened = matchAt(opening, sql, start);
  if (opened === undefined) return undefined;
  const isEscaped = /^e/i.test(opened);
  const isName = opened === '"';
  const end = endOfQuoted(
    sql,
    start + opened.length,
    opened.at(-1) === '"' ? /"/g : isEscaped ? /['\\]/g : /'/g,
  );
  const isEmptyName = isName && end === start + 2;
  const kind = isName ? 'name' : isEscaped || opened.includes('&') ? 'unreadable' : 'string';
  return { kind, end: isEmptyName ? undefined : end };
}

/** @param edge finds the quote, and the backslash where it counts */
function endOfQuoted(sql: string, from: number, edge: RegExp): number | undefined {
  edge.lastIndex = from;
  for (let match = edge.exec(sql); match !== null; match = edge.exec(sql)) {
    const isDoubled = sql[edge.lastIndex] === match[0];
    if (match[0] !== '\\' && !isDoubled) return edge.lastIndex;
    edge.lastIndex += 1;
  }
  return undefined;
}

function bodyAt(sql: string, start: number): Found | undefined {
  const opened = matchAt(bodyBegins, sql, start);
  if (opened === undefined) return undefined;
  const end = sql.indexOf(opened, start + opened.length);
  return { kind: 'body', end: end === -1 ? undefined : end + opened.length };
}

function matchAt(pattern: RegExp, sql: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(sql)?.[0];
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
