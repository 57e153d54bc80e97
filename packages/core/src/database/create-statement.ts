import type { NotCarriedOver } from '../contract/report.js';
import { quoteIdentifier, quoteLiteral } from '../text/quote.js';
import { type DatabaseFacts, findDatabase, type Inspection, isInvalid } from './facts.js';

/** The properties of a new database. */
export interface CreateRequest {
  readonly name: string;
  /** The template that was asked for. */
  readonly template?: string | undefined;
  /** The owner that was asked for. */
  readonly owner?: string | undefined;
  /** The database whose settings the new one takes over. */
  readonly like?: DatabaseFacts | undefined;
}

/** A CREATE DATABASE, and the settings that could not be part of it. */
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
  const { like, name } = request;
  const hasOtherLocale = like !== undefined && needsOwnLocale(inspection, request.template, like);
  const template = hasOtherLocale ? 'template0' : (request.template ?? 'template1');
  const source = findDatabase(inspection, template);
  const owner = ownerClause(inspection, request);
  const tablespace = like === undefined ? nothing : tablespaceClause(inspection, source, like);
  const clauses = [
    `TEMPLATE ${quoteIdentifier(template)}`,
    ...(hasOtherLocale ? localeClauses(like) : []),
    ...owner.clauses,
    ...tablespace.clauses,
    ...(like === undefined ? [] : flagClauses(like)),
    ...(inspection.copiesFiles ? ['STRATEGY file_copy'] : []),
  ];
  return {
    sql: `CREATE DATABASE ${quoteIdentifier(name)} ${clauses.join(' ')}`,
    template,
    templateEncoding: source?.encoding,
    owner: owner.owner,
    notCarriedOver: [...owner.notCarriedOver, ...tablespace.notCarriedOver],
  };
}

/** Options of CREATE DATABASE, and the settings that could not become one. */
interface Clauses {
  readonly clauses: readonly string[];
  readonly notCarriedOver: readonly NotCarriedOver[];
}

const nothing: Clauses = { clauses: [], notCarriedOver: [] };

/** Whether encoding and locale have to be given, as those of the template are others. */
function needsOwnLocale(inspection: Inspection, asked: string | undefined, like: DatabaseFacts): boolean {
  if (asked !== undefined && asked !== 'template0') return false;
  const template = findDatabase(inspection, asked ?? 'template1');
  return localeColumns.some((column) => like.row[column] !== template?.row[column]);
}

function ownerClause(
  { role }: Inspection,
  { like, owner: asked }: CreateRequest,
): Clauses & { readonly owner: string } {
  const kept = asked === undefined && like !== undefined && like.ownerSettable ? like.owner : undefined;
  const owner = asked ?? kept ?? role;
  const refused =
    asked === undefined && like !== undefined && !like.ownerSettable
      ? [{ setting: `OWNER "${like.owner}"`, reason: `role "${role}" may not SET ROLE to it` }]
      : [];
  return {
    owner,
    clauses: owner === role ? [] : [`OWNER ${quoteIdentifier(owner)}`],
    notCarriedOver: refused,
  };
}

function tablespaceClause(
  { role }: Inspection,
  template: DatabaseFacts | undefined,
  { tablespace, tablespaceUsable }: DatabaseFacts,
): Clauses {
  if (tablespace === template?.tablespace) return nothing;
  if (tablespaceUsable) return { ...nothing, clauses: [`TABLESPACE ${quoteIdentifier(tablespace)}`] };
  const reason = `role "${role}" has no CREATE privilege on it`;
  return { ...nothing, notCarriedOver: [{ setting: `TABLESPACE "${tablespace}"`, reason }] };
}

function flagClauses(like: DatabaseFacts): string[] {
  const { datallowconn, datconnlimit, datistemplate } = like.row;
  const limited = typeof datconnlimit === 'number' && datconnlimit !== -1 && !isInvalid(like);
  return [
    ...(limited ? [`CONNECTION LIMIT ${datconnlimit}`] : []),
    ...(datistemplate === true ? ['IS_TEMPLATE true'] : []),
    ...(datallowconn === false ? ['ALLOW_CONNECTIONS false'] : []),
  ];
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
