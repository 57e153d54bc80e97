/**
 * A statement of a dump that may be left out if the server refuses it for one of some reasons: nothing is lost by it.
 */
export interface ToleratedFailure {
  /** Its first words; `|` between alternatives. */
  readonly begins: string;
  /** The required name after these words; `IF EXISTS` and `IF NOT EXISTS` do not count. */
  readonly named?: RegExp;
  /** A word that it must have somewhere. */
  readonly having?: ReadonlySet<string>;
  /** SQLSTATEs. */
  readonly codes: readonly string[];
  /** Only before anything has been made. */
  readonly leading?: true;
  /** Why nothing is lost. */
  readonly reason: string;
}

const undefinedObject = '42704';
const undefinedTable = '42P01';
const undefinedFunction = '42883';
const undefinedSchema = '3F000';
const undefinedColumn = '42703';
const duplicateSchema = '42P06';
const insufficientPrivilege = '42501';

const notThere = [undefinedObject, undefinedTable, undefinedFunction, undefinedSchema, undefinedColumn];
const nothingToDrop = 'the new database is empty: there is nothing to drop';

/** Extensions that show the state of the server, and have no data and no object that data depend on. */
const observing =
  /^(?:pg_stat_statements|pg_buffercache|pg_freespacemap|pg_visibility|pg_walinspect|pageinspect|pgrowlocks|pgstattuple)$/;

/** All of them. Every other error is a failure. */
export const tolerated: readonly ToleratedFailure[] = [
  // pg_dump --schema=public (`-n public`)
  {
    begins: 'CREATE SCHEMA',
    named: /^public$/,
    codes: [duplicateSchema],
    reason: 'a new database has the schema "public" already',
  },
  {
    begins: 'COMMENT ON SCHEMA',
    named: /^public$/,
    codes: [insufficientPrivilege],
    reason: 'the comment on the schema "public" is its owner\'s to set',
  },
  // pg_dump --clean without --if-exists
  {
    begins: 'DROP',
    codes: notThere,
    leading: true,
    reason: nothingToDrop,
  },
  {
    begins: 'DROP EXTENSION|SCHEMA',
    codes: [insufficientPrivilege],
    leading: true,
    reason: 'the new database has it from the start, and it belongs to another role',
  },
  {
    begins: 'ALTER',
    having: new Set(['DROP', 'DETACH', 'NO']),
    codes: notThere,
    leading: true,
    reason: nothingToDrop,
  },
  { begins: 'SELECT PG_CATALOG . LO_UNLINK', codes: [undefinedObject], leading: true, reason: nothingToDrop },
  // A newer pg_dump
  {
    begins: 'SET',
    named:
      /^(?:(?:statement|lock|transaction|idle_in_transaction_session|idle_session)_timeout|row_security|synchronize_seqscans|xmloption|default_with_oids|default_toast_compression|restrict_nonsystem_relation_kind|extra_float_digits)$/,
    codes: [undefinedObject],
    reason: 'this server does not know the setting, which is one of the session that restores',
  },
  // Statements that need a superuser, and that are not necessary
  {
    begins: 'COMMENT ON EXTENSION',
    codes: [insufficientPrivilege],
    reason: "the comment on an extension is its owner's to set",
  },
  {
    begins: 'CREATE EXTENSION',
    named: observing,
    codes: [insufficientPrivilege],
    reason:
      'only a superuser may create it; it shows the state of the server, and has no data of the database',
  },
];

/** Statements on an extension, left out with it. */
export const onExtensions: readonly string[] = ['COMMENT ON EXTENSION'];
