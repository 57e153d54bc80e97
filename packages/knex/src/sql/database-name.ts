import { quoteLiteral } from '@pg-evict/core/internal';
import { replaceSpans } from './replace-spans.js';
import { splitStatements, type SqlToken, sqlTokens } from './tokens.js';

/** Statements that evaluate the name at once. Others may store the expression, such as a default or a view. */
const evaluated = new Set(['select', 'with', 'insert', 'update', 'delete', 'merge', 'values', 'do']);

/** Columns, views and functions that use the database's present name. */
const ofServer =
  /(?:^|_)catalog(?:_name)?$|^datname$|^pg_(?:stat_)?database|^has_database_privilege$|^pg_terminate_backend$/;

const comparisons = new Set(['like', 'ilike', 'in', 'not', 'similar']);
const marks = new Set(['=', '<', '>', '!', '~']);

/** Whether SQL looks up facts by the name of a database. */
export function looksUpDatabase(sql: string): boolean {
  return /_catalog|\bcatalog_name\b|\bdatname\b|\bpg_(?:stat_)?database|has_database_privilege/i.test(sql);
}

/**
 * Gives SQL that asks for the name of its database (`current_database()`, `current_catalog`) the name that the database
 * will have, instead of the private one that it has while it is filled. So a migration decides and stores the same as
 * with knex alone. SQL that looks the database up by its name gets the private one, and so does code that puts the name
 * into a statement and runs it (`EXECUTE format('ALTER DATABASE %I …', current_database())`).
 */
export function answerDatabaseName(sql: string, database: string): string {
  const tokens = /\bcurrent_(?:database|catalog)\b/i.test(sql) ? sqlTokens(sql) : undefined;
  if (tokens === undefined) return sql;
  const asked = splitStatements(tokens).flatMap((statement) => {
    const [first] = statement;
    if (first?.kind !== 'word' || !evaluated.has(first.value)) return [];
    return first.value === 'do' ? inCode(sql, statement) : questions(statement, 0);
  });
  return replaceSpans(
    sql,
    asked.map(({ name, start, end }) => ({
      start,
      end,
      text: `(SELECT ${quoteLiteral(database)}::name AS ${name})`,
    })),
  );
}

/** Where a name is asked for. */
interface Question {
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

function questions(tokens: readonly SqlToken[], offset: number, comparedOnly = false): Question[] {
  if (tokens.some(({ kind, value }) => (kind === 'word' || kind === 'name') && ofServer.test(value))) {
    const isItself = (value: string): boolean => value === 'current_catalog';
    const others = tokens.filter(
      ({ kind, value }) => (kind === 'word' || kind === 'name') && ofServer.test(value),
    );
    if (others.some(({ value }) => !isItself(value))) return [];
  }
  return tokens.flatMap((token, at) => {
    if (token.kind !== 'word') return [];
    const isCall = token.value === 'current_database';
    if (!isCall && token.value !== 'current_catalog') return [];
    const last = isCall ? tokens[at + 2] : token;
    if (last === undefined || (isCall && (tokens[at + 1]?.value !== '(' || last.value !== ')'))) return [];
    const [before, after] = [tokens[at - 1], tokens[at + (isCall ? 3 : 1)]];
    if (comparedOnly && !isComparison(before) && !isComparison(after)) return [];
    return [{ name: token.value, start: offset + token.start, end: offset + last.end }];
  });
}

function isComparison(token: SqlToken | undefined): boolean {
  if (token === undefined) return false;
  return token.kind === 'mark'
    ? marks.has(token.value)
    : token.kind === 'word' && comparisons.has(token.value);
}

/** In the body of a DO block between dollar signs. */
function inCode(sql: string, statement: readonly SqlToken[]): Question[] {
  return statement.flatMap((token) => {
    if (token.kind !== 'body') return [];
    const code = sqlTokens(token.value) ?? [];
    const executes = code.some(({ kind, value }) => kind === 'word' && value === 'execute');
    const delimiter = sql.indexOf('$', token.start + 1) + 1;
    return splitStatements(code).flatMap((part) => questions(part, delimiter, executes));
  });
}
