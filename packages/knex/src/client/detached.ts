import type { ConnectionSettings } from '@pg-evict/core';
import type { KnexBuilder, RawConnection } from './knex-internals.js';
import { readExclusiveStatement } from '../sql/exclusive-statement.js';

/**
 * Stands for a connection of the pool in a statement that runs from a maintenance connection anyway, if the pool cannot
 * connect because its database is missing: it was dropped or renamed, and is now to be created again.
 */
export class Detached implements RawConnection {
  declare readonly host?: string | undefined;
  readonly connectionParameters: RawConnection['connectionParameters'];
  /** The id by which knex distinguishes connections in its events. */
  readonly __knexUid = 'pg-evict-detached';
  readonly __knex__disposed = 'It never was a connection';

  constructor({ options, connectionString: _string, ...settings }: ConnectionSettings) {
    Object.assign(this, settings);
    this.connectionParameters = { options };
    // As knex and node-postgres hide it.
    Object.defineProperty(this, 'password', { value: settings.password, enumerable: false });
  }

  async query(): Promise<never> {
    throw new Error('There is no connection to the database.');
  }

  on(): this {
    return this;
  }
}

/** Whether all statements of a builder need no connection of the pool. */
export function needsNoConnection(builder: KnexBuilder): boolean {
  // oxlint-disable-next-line no-underscore-dangle -- knex's own name
  const texts = [builder.sql, ...(builder._sequence ?? []).map(({ args }) => args?.[0])];
  const mayBe = texts.some((text) => typeof text === 'string' && /\bdatabase\b/i.test(text));
  if (!mayBe) return false;
  try {
    const compiled = builder.toSQL();
    const queries = Array.isArray(compiled) ? compiled : [compiled];
    return queries.every(
      ({ sql, bindings = [] }) =>
        bindings.length === 0 && sql !== undefined && readExclusiveStatement(sql) !== undefined,
    );
  } catch {
    // knex compiles it once more, and then reports that.
    return false;
  }
}
