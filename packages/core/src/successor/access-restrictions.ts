import type { NotCarriedOver } from '../contract/report.js';
import { type DatabaseFacts, isInvalid } from '../database/facts.js';
import type { Operation } from '../eviction/operation.js';
import { runWithinDeadline } from '../eviction/run-within-deadline.js';
import { quoteIdentifier } from '../text/quote.js';
import { applyDatabaseSettings } from './create-successor.js';

/** Settings of a database that would prevent another database like it from being filled. */
export interface Restrictions {
  /** The database without it. */
  readonly open: DatabaseFacts;
  /** Puts it around the new database. */
  readonly close: (operation: Operation, name: string, owner: string) => Promise<NotCarriedOver[]>;
}

const readsOnly = (value: string): boolean => /^default_transaction_read_only=/i.test(value);

/**
 * Removes the fences that a database had before it is replaced: it allows no connections, or a limited number, or only
 * read-only transactions. They are applied again once the new database is filled.
 */
export function restrictionsOf(facts: DatabaseFacts): Restrictions {
  const { datallowconn, datconnlimit } = facts.row;
  const settingsOf = (keeps: (value: string) => boolean): DatabaseFacts['settings'] =>
    facts.settings.map(({ role, values }) => ({ role, values: values.filter(keeps) }));
  const clauses = [
    ...(datallowconn === false ? ['ALLOW_CONNECTIONS false'] : []),
    ...(datconnlimit === -1 || isInvalid(facts) ? [] : [`CONNECTION LIMIT ${datconnlimit}`]),
  ];
  return {
    open: {
      ...facts,
      row: { ...facts.row, datallowconn: true, datconnlimit: -1 },
      settings: settingsOf((value) => !readsOnly(value)),
    },
    close: async (operation, name, owner) => {
      if (clauses.length > 0) {
        const sql = `ALTER DATABASE ${quoteIdentifier(name)} ${clauses.join(' ')}`;
        await runWithinDeadline(operation, operation.runner, sql);
      }
      const rest = {
        ...facts,
        settings: settingsOf(readsOnly),
        comment: null,
        acl: null,
        securityLabels: [],
      };
      return applyDatabaseSettings(operation, rest, name, owner);
    },
  };
}
