import { quoteIdentifier, quoteLiteral } from '../text/quote.js';

/**
 * An option by which a caller allows an action that an operation does not take by default, or gives it a missing value.
 */
export type RemedyOption =
  | 'rollbackPrepared'
  | 'dropSlots'
  | 'dropSubscriptions'
  | 'unsetTemplate'
  | 'ifNotExists'
  | 'maintenanceDatabase'
  | 'timeoutMs'
  | 'undoMs'
  | 'noUndo';

/** The facts that decide how a role has to be granted so that it helps. */
export interface GrantCircumstances {
  /** The role that is to have it. */
  readonly to: string;
  /** Whether that role uses granted privileges without SET ROLE by default (INHERIT). */
  readonly inherits: boolean;
  /** Whether it is a member already, but lacks the privileges. */
  readonly member: boolean;
  /** Whether it needs the privileges themselves, or SET ROLE. */
  readonly option: 'INHERIT' | 'SET';
  readonly versionNumber: number;
}

/**
 * The statement that gives a role the privileges of another. From 16 on each membership has its own INHERIT and SET
 * options, and a GRANT that does not name them leaves them unchanged; before, the role has one INHERIT attribute for
 * all.
 *
 * @see https://www.postgresql.org/docs/current/sql-grant.html#SQL-GRANT-DESCRIPTION-ROLES
 */
export function grantStatement(
  role: string,
  { to, inherits, member, option, versionNumber }: GrantCircumstances,
): string {
  const grant = `GRANT ${role} TO ${quoteIdentifier(to)}`;
  const isEnough = option === 'SET' || inherits;
  if (versionNumber >= 160_000) return isEnough && !member ? `${grant};` : `${grant} WITH ${option} TRUE;`;
  return isEnough ? `${grant};` : `ALTER ROLE ${quoteIdentifier(to)} INHERIT; ${grant};`;
}

/** A remedy: the action, and its object. The code that prints it chooses the wording. */
export type Remedy =
  | { readonly kind: 'roll-back-prepared'; readonly gid: string; readonly database: string }
  | { readonly kind: 'drop-slot'; readonly slot: string }
  | { readonly kind: 'drop-subscription'; readonly subscription: string; readonly database: string }
  | { readonly kind: 'unset-template'; readonly database: string }
  | { readonly kind: 'drop-invalid'; readonly database: string }
  | { readonly kind: 'refresh-collation'; readonly database: string }
  | { readonly kind: 'end-lock-holder'; readonly pid: number }
  | ({ readonly kind: 'grant-role'; readonly role: string } & GrantCircumstances)
  | { readonly kind: 'take-ownership'; readonly database: string; readonly by: string }
  | { readonly kind: 'allow-createdb'; readonly role: string }
  | ({ readonly kind: 'allow-signal' } & GrantCircumstances)
  | { readonly kind: 'be-superuser'; readonly or: string | undefined }
  | { readonly kind: 'allow-missing' }
  | { readonly kind: 'allow-existing'; readonly otherwise: string | undefined }
  | { readonly kind: 'other-maintenance-database'; readonly exists: boolean }
  | { readonly kind: 'allow-time' }
  | { readonly kind: 'await-release'; readonly database: string }
  | { readonly kind: 'unprotect'; readonly database: string }
  /** `leadsTo`: the database that it is an alias of, if that is known. */
  | { readonly kind: 'name-behind-pooler'; readonly database: string; readonly leadsTo?: string }
  | { readonly kind: 'keep-for-undo' }
  | { readonly kind: 'drop-for-good' }
  /** An action that is neither SQL nor an option. */
  | { readonly kind: 'advice'; readonly text: string };

/** The words of those who call us. */
export interface Words {
  /** The syntax of an option: `dropSlots: true`, `--drop-slots`. */
  readonly option: Readonly<Record<RemedyOption, string>>;
  /** The action that repairs a database after its operation died. */
  readonly repair: string;
  unprotect(database: string): string;
}

/** The words of callers in JavaScript. */
export const apiWords: Words = {
  option: {
    rollbackPrepared: 'rollbackPrepared: true',
    dropSlots: 'dropSlots: true',
    dropSubscriptions: 'dropSubscriptions: true',
    unsetTemplate: 'unsetTemplate: true',
    ifNotExists: 'ifNotExists: true',
    maintenanceDatabase: 'maintenanceDatabase',
    timeoutMs: 'timeoutMs',
    undoMs: 'undoMs',
    noUndo: 'leave out undoMs',
  },
  repair: 'repairDatabase()',
  unprotect: () => 'unprotectDatabase()',
};

/** A remedy in the caller's wording: a sentence or a statement. */
// oxlint-disable-next-line complexity -- a case for each kind
export function remedyText(remedy: Remedy, words: Words): string {
  const { option, repair } = words;
  switch (remedy.kind) {
    case 'roll-back-prepared':
      return `In database "${remedy.database}": ROLLBACK PREPARED ${quoteLiteral(remedy.gid)}; or use ${option.rollbackPrepared}.`;
    case 'drop-slot':
      return `Stop its consumer, then: SELECT pg_drop_replication_slot(${quoteLiteral(remedy.slot)}); or use ${option.dropSlots}.`;
    case 'drop-subscription': {
      const subscription = quoteIdentifier(remedy.subscription);
      return `In database "${remedy.database}": ALTER SUBSCRIPTION ${subscription} DISABLE; ALTER SUBSCRIPTION ${subscription} SET (slot_name = NONE); DROP SUBSCRIPTION ${subscription}; or use ${option.dropSubscriptions}. Its slot stays on the publisher.`;
    }
    case 'unset-template':
      return `ALTER DATABASE ${quoteIdentifier(remedy.database)} IS_TEMPLATE false; or use ${option.unsetTemplate}.`;
    case 'drop-invalid':
      return `DROP DATABASE ${quoteIdentifier(remedy.database)};`;
    case 'refresh-collation':
      return `In database "${remedy.database}": REINDEX DATABASE ${quoteIdentifier(remedy.database)}; then ALTER DATABASE ${quoteIdentifier(remedy.database)} REFRESH COLLATION VERSION;`;
    case 'end-lock-holder':
      return `Let it finish, or terminate it: SELECT pg_terminate_backend(${remedy.pid});`;
    case 'grant-role':
      return grantStatement(quoteIdentifier(remedy.role), remedy);
    case 'take-ownership':
      return `ALTER DATABASE ${quoteIdentifier(remedy.database)} OWNER TO ${quoteIdentifier(remedy.by)};`;
    case 'allow-createdb':
      return `ALTER ROLE ${quoteIdentifier(remedy.role)} CREATEDB;`;
    case 'allow-signal':
      return grantStatement('pg_signal_backend', remedy);
    case 'be-superuser':
      return `Connect as a superuser${remedy.or === undefined ? '' : `, or terminate it as "${remedy.or}"`}.`;
    case 'name-behind-pooler':
      return remedy.leadsTo === undefined
        ? `The connection goes through a pooler, where "${remedy.database}" may be an alias: name the database that it leads to.`
        : `At the pooler, "${remedy.database}" is an alias of "${remedy.leadsTo}": name that.`;
    case 'keep-for-undo':
      return `An operation keeps the content that it replaces only on request (${option.undoMs}), and for a limited time.`;
    case 'drop-for-good':
      return `To drop it for good: ${option.noUndo}.`;
    case 'allow-missing':
      return `Check the name, which is case-sensitive. To have it created: ${option.ifNotExists}.`;
    case 'allow-existing':
      return remedy.otherwise === undefined
        ? `To leave it as it is: ${option.ifNotExists}.`
        : `${remedy.otherwise}, or leave it as it is: ${option.ifNotExists}.`;
    case 'other-maintenance-database':
      return remedy.exists
        ? `Name another maintenance database (${option.maintenanceDatabase}).`
        : `Name one that exists: ${option.maintenanceDatabase}.`;
    case 'allow-time':
      return `Allow more time (${option.timeoutMs}).`;
    case 'await-release':
      return `Wait until it is over; if it was killed, the next operation on it, or ${repair}, puts it back.`;
    case 'unprotect':
      return `To do it anyway, remove the protection first: ${words.unprotect(remedy.database)}`;
    case 'advice':
      return remedy.text;
  }
}

/**
 * The property in which an error, a blocker or a denied session carries its remedies as data. Other copies of this
 * package know it, too.
 */
const remediesKey = Symbol.for('pg-evict.remedies');

/** Objects that carry a remedy: their text has the wording of the API; the structured remedy is hidden. */
export function attachRemedies<T extends object>(subject: T, remedies: readonly Remedy[]): T {
  return Object.defineProperty(subject, remediesKey, { value: remedies });
}

/** The structured remedies of an object; `undefined` if it has only a text. */
export function remediesOf(subject: object): readonly Remedy[] | undefined {
  return (subject as { readonly [remediesKey]?: readonly Remedy[] })[remediesKey];
}

/** Remedies in the caller's wording, each once. */
export function remediesText(remedies: readonly Remedy[], words: Words): string {
  return [...new Set(remedies.map((remedy) => remedyText(remedy, words)))].join(' ');
}

/** An object that has a remedy: its text, in the wording of the API, and the data. */
export function withRemedy<T extends object>(facts: T, remedy: Remedy): T & { readonly remedy: string } {
  return attachRemedies({ ...facts, remedy: remedyText(remedy, apiWords) }, [remedy]);
}

/** The remedy of a blocker or a denied session in the caller's wording. */
export function remedyIn(words: Words, subject: { readonly remedy: string }): string {
  const remedies = remediesOf(subject);
  return remedies === undefined ? subject.remedy : remediesText(remedies, words);
}

/** The hint of an error in the caller's wording. */
export function hintIn(words: Words, error: { readonly hint: string | null }): string | null {
  const remedies = remediesOf(error);
  return remedies === undefined ? error.hint : remediesText(remedies, words);
}
