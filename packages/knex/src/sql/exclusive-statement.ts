import { isBuiltIn, maxNameBytes } from '@pg-evict/core/internal';
import { splitStatements, type SqlToken, sqlTokens } from './tokens.js';

/** A statement that PostgreSQL runs only on a database without sessions, or that creates one. */
export interface ReadStatement {
  /** As `ExclusiveStatementRequest.kind` of core. */
  readonly kind: 'drop' | 'alter' | 'copy' | 'create';
  /** The database that must have no sessions; with `create` the new one. */
  readonly database: string;
  /** Whether it creates a database without saying who owns it. */
  readonly unowned?: boolean | undefined;
  /** The statement alone, without what stands before and after it. */
  readonly sql: string;
  /** Whether it stands in one string with others. */
  readonly amongOthers: boolean;
}

/**
 * Finds DROP DATABASE, ALTER DATABASE … RENAME TO or SET TABLESPACE, and CREATE DATABASE in a string.
 *
 * Strict on purpose: it reports only statements that it understands to the end. All others go to the server unchanged.
 */
export function readExclusiveStatement(sql: string): ReadStatement | undefined {
  // Nearly every statement is of another kind, and this is all it costs.
  if (!/\bdatabase\b/i.test(sql) || !/\b(?:drop|alter|create)\b/i.test(sql)) return undefined;
  const tokens = sqlTokens(sql);
  if (tokens === undefined) return undefined;
  const statements = splitStatements(tokens);
  for (const statement of statements) {
    const read = readStatement(statement);
    const [first, last] = [statement[0], statement.at(-1)];
    // The server refuses that, before any session is terminated.
    if (read?.kind === 'create' && statements.length > 1) continue;
    if (read !== undefined && first !== undefined && last !== undefined && read.database !== '') {
      return { ...read, sql: sql.slice(first.start, last.end), amongOthers: statements.length > 1 };
    }
  }
  return undefined;
}

type Found = Pick<ReadStatement, 'kind' | 'database' | 'unowned'>;

function readStatement(tokens: readonly SqlToken[]): Found | undefined {
  const reader = new Reader(tokens);
  if (reader.words('drop', 'database')) return readDrop(reader);
  if (reader.words('alter', 'database')) return readAlter(reader);
  if (reader.words('create', 'database')) return readCreate(reader);
  return undefined;
}

/** DROP DATABASE [ IF EXISTS ] name [ [ WITH ] ( FORCE [, …] ) ] */
function readDrop(reader: Reader): Found | undefined {
  reader.words('if', 'exists');
  const database = reader.name();
  reader.words('with');
  if (reader.mark('(')) {
    do {
      if (!reader.words('force')) return undefined;
    } while (reader.mark(','));
    if (!reader.mark(')')) return undefined;
  }
  return database !== undefined && reader.atEnd ? { kind: 'drop', database } : undefined;
}

/** ALTER DATABASE name { RENAME TO new_name | SET TABLESPACE new_tablespace } */
function readAlter(reader: Reader): Found | undefined {
  const database = reader.name();
  if (database === undefined) return undefined;
  if (!reader.words('rename', 'to') && !reader.words('set', 'tablespace')) return undefined;
  return reader.name() !== undefined && reader.atEnd ? { kind: 'alter', database } : undefined;
}

/** CREATE DATABASE name [ WITH ] [ option [=] value ] […] */
function readCreate(reader: Reader): Found | undefined {
  const created = reader.name();
  if (created === undefined) return undefined;
  reader.words('with');
  let template: string | undefined;
  let unowned = true;
  while (!reader.atEnd) {
    const option = reader.words('connection', 'limit') ? 'connection limit' : reader.word();
    if (option === undefined) return undefined;
    reader.mark('=');
    const value = reader.value();
    if (value === undefined) return undefined;
    if (option === 'template') template = value === 'default' ? undefined : value.text;
    if (option === 'owner') unowned = value === 'default';
  }
  if (template === undefined || template === 'template0' || template === 'template1')
    return { kind: 'create', database: created, unowned };
  // The server's own database for maintenance: every client may be on it.
  return isBuiltIn(template) ? undefined : { kind: 'copy', database: template };
}

/** Reads a statement from left to right; a token that does not fit is not consumed. */
class Reader {
  readonly #tokens: readonly SqlToken[];
  #at = 0;

  constructor(tokens: readonly SqlToken[]) {
    this.#tokens = tokens;
  }

  get atEnd(): boolean {
    return this.#at === this.#tokens.length;
  }

  #take(fits: (token: SqlToken) => boolean): string | undefined {
    const token = this.#tokens[this.#at];
    if (token === undefined || !fits(token)) return undefined;
    this.#at += 1;
    return token.value;
  }

  /** Takes keywords, all or none. */
  words(...expected: readonly string[]): boolean {
    const fit = expected.every((word, offset) => {
      const token = this.#tokens[this.#at + offset];
      return token?.kind === 'word' && token.value === word;
    });
    if (fit) this.#at += expected.length;
    return fit;
  }

  word(): string | undefined {
    return this.#take(({ kind }) => kind === 'word');
  }

  mark(mark: string): boolean {
    return this.#take(({ kind, value }) => kind === 'mark' && value === mark) !== undefined;
  }

  /** A name that the server does not truncate: a truncated one would be another database's. */
  name(): string | undefined {
    return this.#take(
      ({ kind, value }) => (kind === 'word' || kind === 'name') && Buffer.byteLength(value) <= maxNameBytes,
    );
  }

  /** The value of an option: a name, a string, or a number, which is ignored. */
  value(): { readonly text: string } | 'default' | undefined {
    if (this.words('default')) return 'default';
    const text = this.#take(({ kind }) => kind === 'word' || kind === 'name' || kind === 'string');
    if (text !== undefined) return Buffer.byteLength(text) <= maxNameBytes ? { text } : undefined;
    this.#take(({ kind, value }) => kind === 'mark' && (value === '-' || value === '+'));
    let digits = '';
    for (let digit = this.#digit(); digit !== undefined; digit = this.#digit()) digits += digit;
    return digits === '' ? undefined : { text: digits };
  }

  #digit(): string | undefined {
    return this.#take(({ kind, value }) => kind === 'mark' && /^\d$/.test(value));
  }
}
