import { quoteIdentifier, quoteLiteral } from '../text/quote.js';
import type { AclItem, DatabaseFacts } from './facts.js';

/** A statement that gives a database one of the settings another has. */
export interface SettingStatement {
  /** The setting, for the report. */
  readonly setting: string;
  readonly sql: string;
}

/**
 * Settings whose stored value is a list of quoted names, which must be given back element by element: the variables
 * with GUC_LIST_QUOTE, as pg_dump knows them (`variable_is_guc_list_quote()`, src/fe_utils/string_utils.c).
 */
const listSettings = new Set([
  'local_preload_libraries',
  'search_path',
  'session_preload_libraries',
  'shared_preload_libraries',
  'temp_tablespaces',
  'unix_socket_directories',
]);

/**
 * The statements that give `name`, a new database of `owner`, the settings in `facts`: ALTER DATABASE SET, the settings
 * of roles in it, comment and privileges. Options of CREATE DATABASE are not among them.
 */
export function settingStatements(facts: DatabaseFacts, name: string, owner: string): SettingStatement[] {
  const database = quoteIdentifier(name);
  return [
    ...facts.settings.flatMap(({ role, values }) =>
      values.map((value) => {
        const [setting, assignment] = assignmentOf(value);
        return role === null
          ? { setting: `SET ${setting}`, sql: `ALTER DATABASE ${database} SET ${assignment}` }
          : {
              setting: `SET ${setting} of role "${role}"`,
              sql: `ALTER ROLE ${quoteIdentifier(role)} IN DATABASE ${database} SET ${assignment}`,
            };
      }),
    ),
    ...(facts.comment === null
      ? []
      : [{ setting: 'COMMENT', sql: `COMMENT ON DATABASE ${database} IS ${quoteLiteral(facts.comment)}` }]),
    ...privilegeStatements(facts, database, owner),
    ...facts.securityLabels.map(({ provider, label }) => ({
      setting: `SECURITY LABEL of ${provider}`,
      sql: `SECURITY LABEL FOR ${quoteIdentifier(provider)} ON DATABASE ${database} IS ${quoteLiteral(label)}`,
    })),
  ];
}

/** `name=value` as stored in `pg_db_role_setting`, as name and as `name TO value`. */
function assignmentOf(stored: string): [string, string] {
  const at = stored.indexOf('=');
  const name = stored.slice(0, at);
  const value = stored.slice(at + 1);
  const constants = listSettings.has(name.toLowerCase())
    ? splitNames(value).map(quoteLiteral).join(', ')
    : quoteLiteral(value);
  // A custom setting is named prefix.name; each part is an identifier of its own.
  return [
    name,
    `${name.split('.').map(quoteIdentifier).join('.')} TO ${constants === '' ? "''" : constants}`,
  ];
}

/** Splits a list of names, each bare or in double quotes, as SplitGUCList() does. */
function splitNames(list: string): string[] {
  return [...list.matchAll(/"((?:[^"]|"")*)"|[^\s,"]+/g)].map(([bare, quoted]) =>
    quoted === undefined ? bare : quoted.replaceAll('""', '"'),
  );
}

/**
 * Grants exactly the privileges of the old database. A new database has PostgreSQL's default privileges, so those of
 * PUBLIC and of the owner are revoked first. Privileges that other roles passed on (WITH GRANT OPTION) are granted as
 * those roles.
 */
function privilegeStatements(facts: DatabaseFacts, database: string, owner: string): SettingStatement[] {
  if (facts.acl === null) return [];
  const items = facts.acl.map((item) => ({
    ...item,
    grantor: item.grantor === facts.owner ? owner : item.grantor,
    grantee: item.grantee === facts.owner ? owner : item.grantee,
  }));
  const revoke = `REVOKE ALL ON DATABASE ${database} FROM PUBLIC, ${quoteIdentifier(owner)}`;
  return [
    { setting: 'REVOKE of the default privileges', sql: revoke },
    ...inGrantOrder(items, owner).map((item) => {
      const grant =
        `GRANT ${item.privilege} ON DATABASE ${database} TO ` +
        `${item.grantee === null ? 'PUBLIC' : quoteIdentifier(item.grantee)}${item.grantable ? ' WITH GRANT OPTION' : ''}`;
      return {
        setting: `GRANT ${item.privilege} TO ${item.grantee === null ? 'PUBLIC' : `"${item.grantee}"`}`,
        // SET LOCAL lasts for the transaction that a string of statements is.
        sql: item.grantor === owner ? grant : `SET LOCAL ROLE ${quoteIdentifier(item.grantor)}; ${grant}`,
      };
    }),
  ];
}

/** Grants that give a grant option stand before the grants made with it. */
function inGrantOrder(items: readonly AclItem[], owner: string): AclItem[] {
  const ordered: AclItem[] = [];
  let grantors = new Set([owner]);
  let rest = [...items];
  while (rest.length > 0) {
    const next = rest.filter((item) => grantors.has(item.grantor));
    if (next.length === 0) return [...ordered, ...rest];
    ordered.push(...next);
    rest = rest.filter((item) => !grantors.has(item.grantor));
    grantors = new Set(next.flatMap((item) => (item.grantee === null ? [] : [item.grantee])));
  }
  return ordered;
}
