import { quoteIdentifier } from '@pg-evict/core/internal';
import { replaceSpans } from './replace-spans.js';
import { splitStatements, type SqlToken, sqlTokens } from './tokens.js';

/** The result for the mentions of a database in SQL. */
export interface NamedSuccessor {
  /** The SQL, which uses the successor wherever it named the database. */
  readonly sql: string;
  /** Whether a block of code names the database; it is not changed there. */
  readonly namedInCode: boolean;
}

/** Statements whose `DATABASE x` concerns properties of x. CREATE and DROP DATABASE do not. */
const about = new Set(['alter', 'comment', 'grant', 'revoke', 'security']);

/**
 * Makes SQL that names a database (ALTER DATABASE x SET, GRANT … ON DATABASE x, COMMENT ON DATABASE x, …) name its
 * successor instead, which has another name while it is filled. When it replaces the database, it keeps the effects of
 * these statements, because the server stores them by oid, not by name.
 */
export function nameSuccessor(sql: string, database: string, successor: string): NamedSuccessor {
  const tokens = /\bdatabase\b/i.test(sql) ? sqlTokens(sql) : undefined;
  if (tokens === undefined) return { sql, namedInCode: false };
  const statements = splitStatements(tokens);
  const mentions = statements
    .filter((statement) => about.has(firstWord(statement) ?? ''))
    .flatMap((statement) => mentionsOf(statement, database));
  const text = quoteIdentifier(successor);
  const renamed = replaceSpans(
    sql,
    mentions.map(({ start, end }) => ({ start, end, text })),
  );
  return { sql: renamed, namedInCode: statements.some((statement) => isCodeNaming(statement, database)) };
}

function firstWord([first]: readonly SqlToken[]): string | undefined {
  return first?.kind === 'word' ? first.value : undefined;
}

/** The tokens after `DATABASE` that name the database; GRANT takes a list there. */
function mentionsOf(statement: readonly SqlToken[], database: string): SqlToken[] {
  const mentions: SqlToken[] = [];
  let place: 'elsewhere' | 'name' | 'after name' = 'elsewhere';
  for (const token of statement) {
    const named = token.kind === 'word' || token.kind === 'name';
    if (place === 'name' && named) {
      if (token.value === database) mentions.push(token);
      place = 'after name';
    } else if (token.kind === 'word' && token.value === 'database') {
      place = 'name';
    } else {
      place = place === 'after name' && token.kind === 'mark' && token.value === ',' ? 'name' : 'elsewhere';
    }
  }
  return mentions;
}

/** Whether a DO block, which runs at once, contains a statement on the database. */
function isCodeNaming(statement: readonly SqlToken[], database: string): boolean {
  if (firstWord(statement) !== 'do') return false;
  return statement.some(({ kind, value }) => isText(kind) && codeMentions(value, database));
}

/** How deep strings within strings are read; deeper the name alone counts. */
const deepest = 8;

/** In code, statements stand by themselves or in strings that are executed. */
function codeMentions(code: string, database: string, depth = 1): boolean {
  if (depth > deepest) return code.toLowerCase().includes(database.toLowerCase());
  const tokens = sqlTokens(code) ?? [];
  return (
    mentionsOf(tokens, database).length > 0 ||
    tokens.some(({ kind, value }) => isText(kind) && codeMentions(value, database, depth + 1))
  );
}

function isText(kind: SqlToken['kind']): boolean {
  return kind === 'string' || kind === 'body';
}
