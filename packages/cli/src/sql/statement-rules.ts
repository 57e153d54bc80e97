/**
 * The decision on a statement of a dump, by its first words. Every other statement is run: it can reach another
 * database only through the code of a function, which cannot be seen (docs/safety.md).
 */
export interface StatementRule {
  /** Its first words; `|` between alternatives. */
  readonly begins: string;
  /** Words after these that make it another statement. */
  readonly unless?: string;
  /** Words that follow one another further on, outside of parentheses. */
  readonly later?: string;
  /**
   * `own database`: it is on the database whose name follows. It is left out if that is the dump's own, and otherwise
   * refused. `comment` is also left out if the dump does not name its own.
   */
  readonly fate: 'refuse' | 'own database' | 'own database or comment';
  /** For messages, after the statement. */
  readonly reason: string;
}

const otherDatabase = 'it is on a database, which would be the one in use';
const roles = 'roles belong to the whole server';
const tablespaces = 'tablespaces belong to the whole server';
const privileges = 'it is on the privileges of the whole server';
const twoPhase = 'a prepared transaction outlives the restore, and any session may end it';

/** The first that fits counts. */
export const statementRules: readonly StatementRule[] = [
  { begins: 'CREATE|ALTER|DROP DATABASE', fate: 'own database', reason: otherDatabase },
  {
    begins: 'ALTER ROLE|USER',
    unless: 'MAPPING FOR|IF',
    later: 'IN DATABASE',
    fate: 'own database',
    reason: otherDatabase,
  },
  // Up to PostgreSQL 10, pg_dump writes it without --create too.
  { begins: 'COMMENT ON DATABASE', fate: 'own database or comment', reason: otherDatabase },
  { begins: 'SECURITY LABEL', later: 'ON DATABASE', fate: 'own database', reason: otherDatabase },
  { begins: 'GRANT|REVOKE', later: 'ON DATABASE', fate: 'own database', reason: otherDatabase },
  // CREATE SCHEMA may have GRANT in it.
  { begins: 'CREATE SCHEMA', later: 'ON DATABASE', fate: 'refuse', reason: otherDatabase },
  { begins: 'CREATE SCHEMA', later: 'ON TABLESPACE|PARAMETER', fate: 'refuse', reason: privileges },
  { begins: 'CREATE|ALTER|DROP ROLE|GROUP', fate: 'refuse', reason: roles },
  { begins: 'CREATE|ALTER|DROP USER', unless: 'MAPPING FOR|IF', fate: 'refuse', reason: roles },
  { begins: 'COMMENT ON ROLE', fate: 'refuse', reason: roles },
  { begins: 'SECURITY LABEL', later: 'ON ROLE', fate: 'refuse', reason: roles },
  { begins: 'CREATE|ALTER|DROP TABLESPACE', fate: 'refuse', reason: tablespaces },
  { begins: 'COMMENT ON TABLESPACE', fate: 'refuse', reason: tablespaces },
  { begins: 'SECURITY LABEL', later: 'ON TABLESPACE', fate: 'refuse', reason: tablespaces },
  { begins: 'GRANT|REVOKE', later: 'ON TABLESPACE|PARAMETER', fate: 'refuse', reason: privileges },
  {
    begins: 'REASSIGN|DROP OWNED',
    fate: 'refuse',
    reason: 'it affects all databases and other objects that a role owns on the server',
  },
  { begins: 'ALTER SYSTEM', fate: 'refuse', reason: 'it changes the settings of the whole server' },
  { begins: 'PREPARE TRANSACTION', fate: 'refuse', reason: twoPhase },
  { begins: 'COMMIT|ROLLBACK PREPARED', fate: 'refuse', reason: twoPhase },
  { begins: 'LOAD', fate: 'refuse', reason: "it loads a file of the server's" },
  {
    begins: 'ALTER SUBSCRIPTION',
    later: 'ENABLE|REFRESH|CONNECTION|SET|ADD|DROP|SKIP|DISABLE',
    fate: 'refuse',
    reason: 'it connects to the publishing server',
  },
];

/** Catalogs that all databases of a server share: a write to them affects every database. */
export const sharedCatalogs: ReadonlySet<string> = new Set([
  'pg_auth_members',
  'pg_authid',
  'pg_database',
  'pg_db_role_setting',
  'pg_parameter_acl',
  'pg_replication_origin',
  'pg_roles',
  'pg_settings',
  'pg_shadow',
  'pg_shdepend',
  'pg_shdescription',
  'pg_shseclabel',
  'pg_subscription',
  'pg_tablespace',
]);

/** Refusals that need more than a sequence of words. */
export const reasons = {
  escapedName: 'it names a table by escapes (U&"…"), which may stand for a catalog that all databases share',
  hiddenSetting:
    'it computes the name of the setting that it changes, which may let statements change shared catalogs',
  catalogChanges: 'it lets statements change catalogs, some of which all databases share',
  droppedSubscription: 'it connects to the publishing server, which may lose a replication slot',
  copyFile: "it reads or writes a file or a program of the server's",
  grantRole: 'it makes roles members of each other, for the whole server',
  sharedCatalog: 'it changes a catalog that all databases share',
  subscription: 'it connects to the publishing server; pg_dump writes it WITH (connect = false)',
} as const;
