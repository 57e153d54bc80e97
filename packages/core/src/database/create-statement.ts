import type { NotCarriedOver } from '../contract/report.js';
import { quoteIdentifier, quoteLiteral } from '../text/quote.js';
import { type DatabaseFacts, findDatabase, type Inspection, isInvalid } from './facts.js';

/** What a new database is to be. */
export interface CreateRequest {
  readonly name: string;
  /** The template that was asked for. */
  readonly template?: string | undefined;
  /** The owner that was asked for. */
  readonly owner?: string | undefined;
  /** The database whose settings the new one takes over. */
  readonly like?: DatabaseFacts | undefined;
}

/** A CREATE DATABASE, and what it could not be given. */
export interface CreateStatement {
  readonly sql: string;
  readonly template: string;
  /** The template's encoding, which a copy has as well. */
  readonly templateEncoding: string | undefined;
  readonly owner: string;
  readonly notCarriedOver: readonly NotCarriedOver[];
}

/** The columns of `pg_database` that make up encoding and locale; which of them exist depends on the major. */
const localeColumns = [
  'encoding',
  'datcollate',
  'datctype',
  'datlocprovider',
  'daticulocale',
  'datlocale',
  'daticurules',
];

/**
 * Writes the CREATE DATABASE for a database like another: owner, tablespace, connection limit, flags, and, unless a
 * template other than template0 was asked for, encoding and locale. These, where they are not template1's, need template0
 * (https://www.postgresql.org/docs/current/manage-ag-templatedbs.html).
 */
export function createStatement(inspection: Inspection, request: CreateRequest): CreateStatement {
  const { like } = request;
  const notCarriedOver: NotCarriedOver[] = [];
  const sameLocale = (a: DatabaseFacts, b: DatabaseFacts | undefined): boolean =>
    localeColumns.every((column) => a.row[column] === b?.row[column]);
  const given = request.template ?? 'template1';
  const hasOtherLocale =
    like !== undefined &&
    (request.template === undefined || request.template === 'template0') &&
    !sameLocale(like, findDatabase(inspection, given));
  const template = hasOtherLocale ? 'template0' : given;
  const clauses = [`TEMPLATE ${quoteIdentifier(template)}`];
  if (hasOtherLocale) clauses.push(...localeClauses(like));

  let owner = request.owner ?? inspection.role;
  if (like !== undefined && request.owner === undefined) {
    if (like.ownerSettable) owner = like.owner;
    else
      notCarriedOver.push({
        setting: `OWNER "${like.owner}"`,
        reason: `role "${inspection.role}" may not SET ROLE to it`,
      });
  }
  if (owner !== inspection.role) clauses.push(`OWNER ${quoteIdentifier(owner)}`);

  if (like !== undefined) {
    if (like.tablespace !== findDatabase(inspection, template)?.tablespace) {
      if (like.tablespaceUsable) clauses.push(`TABLESPACE ${quoteIdentifier(like.tablespace)}`);
      else
        notCarriedOver.push({
          setting: `TABLESPACE "${like.tablespace}"`,
          reason: `role "${inspection.role}" has no CREATE privilege on it`,
        });
    }
    const limit = like.row['datconnlimit'];
    if (typeof limit === 'number' && limit !== -1 && !isInvalid(like))
      clauses.push(`CONNECTION LIMIT ${limit}`);
    if (like.row['datistemplate'] === true) clauses.push('IS_TEMPLATE true');
    if (like.row['datallowconn'] === false) clauses.push('ALLOW_CONNECTIONS false');
  }
  // Without fsync the checkpoints of a file copy cost nothing, and it writes no WAL; with it, the default is faster.
  if (inspection.versionNumber >= 150_000 && !inspection.fsync) clauses.push('STRATEGY file_copy');
  return {
    sql: `CREATE DATABASE ${quoteIdentifier(request.name)} ${clauses.join(' ')}`,
    template,
    templateEncoding: findDatabase(inspection, template)?.encoding,
    owner,
    notCarriedOver,
  };
}

/** Encoding and locale of a database as options of CREATE DATABASE, whose names changed with 15, 16 and 17. */
function localeClauses({ encoding, row }: DatabaseFacts): string[] {
  const literal = (value: unknown): string => quoteLiteral(String(value));
  const clauses = [
    `ENCODING ${literal(encoding)}`,
    `LC_COLLATE ${literal(row['datcollate'])}`,
    `LC_CTYPE ${literal(row['datctype'])}`,
  ];
  const locale = row['datlocale'] ?? row['daticulocale'];
  if (row['datlocprovider'] === 'i') clauses.push(`LOCALE_PROVIDER icu ICU_LOCALE ${literal(locale)}`);
  if (row['datlocprovider'] === 'b')
    clauses.push(`LOCALE_PROVIDER builtin BUILTIN_LOCALE ${literal(locale)}`);
  if (row['datlocprovider'] === 'c') clauses.push('LOCALE_PROVIDER libc');
  if (typeof row['daticurules'] === 'string') clauses.push(`ICU_RULES ${literal(row['daticurules'])}`);
  return clauses;
}
