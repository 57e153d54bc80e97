import { isConnectionLost } from '@pg-evict/core/internal';
import type { Knex } from 'knex';
import { readExclusiveStatement, type ReadStatement } from '../sql/exclusive-statement.js';
import { connectAgain } from './connect-again.js';
import { runDetached } from './run-detached.js';
import { connectingPools } from './connecting-pools.js';
import { Generations } from './generations.js';
import {
  type ConnectionSource,
  type KnexBuilder,
  type KnexClientClass,
  type KnexDriver,
  type KnexQuery,
  type KnexRunner,
  namedAs,
  type RawConnection,
} from './knex-internals.js';
import { listeningDriver } from './listening-driver.js';
import { markLost } from './lost-connection.js';
import { explainLockedMigrations } from './migration-lock.js';
import { surviveEviction } from './native-pool.js';
import { runExclusiveStatement } from './run-exclusive-statement.js';
import type { PgEvictKnexOptions } from './target.js';
import { followTests } from './test-connection.js';

/**
 * A subclass of a knex client that prepares statements which need a database without sessions. The options live in the
 * class: properties of an instance are lost in transactions, and properties of the configuration in a copy of it; both
 * keep the class.
 *
 * @param name the client's name in the configuration; third parties read it in `config.client`
 */
export function evictingClient(
  Base: KnexClientClass,
  name: Knex.Config['client'],
  options: PgEvictKnexOptions,
): KnexClientClass {
  const { evict = true, followsTests = true } = options;
  const generations = new Generations();
  /** The pools whose database was dropped or renamed through them. */
  const missing = new WeakSet<object>();
  class PgEvictClient extends Base {
    constructor(config: Knex.Config) {
      super(followsTests ? followTests(config) : config);
      if (name !== undefined) this.config.client = name;
    }

    override _driver(): KnexDriver {
      // oxlint-disable-next-line no-underscore-dangle -- knex's own name
      return listeningDriver(super._driver());
    }

    override async acquireRawConnection(): Promise<RawConnection> {
      const generation = generations.current;
      const connection = await connectingPools.run(true, async () =>
        connectAgain(this, async () => super.acquireRawConnection(), options),
      );
      missing.delete(this.pool as object);
      generations.born(connection, generation);
      connection.on('error', () => generations.lost(connection));
      return connection;
    }

    override runner(builder: KnexBuilder): KnexRunner {
      const runner = super.runner(builder);
      return evict && this.transacting !== true ? runDetached(this, runner, builder, missing) : runner;
    }

    override validateConnection(connection: RawConnection): boolean | Promise<boolean> {
      return !generations.isOver(connection) && super.validateConnection(connection);
    }

    override wrapNativePool(pool: unknown): ConnectionSource {
      return surviveEviction(this, pool, super.wrapNativePool(pool), generations, options);
    }

    override async _query(connection: RawConnection, query: KnexQuery): Promise<KnexQuery> {
      const bound = query.bindings !== undefined && query.bindings.length > 0;
      const statement =
        evict && !bound && query.sql !== undefined ? readExclusiveStatement(query.sql) : undefined;
      try {
        if (statement === undefined || (statement.kind === 'create' && isUsable(connection))) {
          // oxlint-disable-next-line no-underscore-dangle -- knex's own name
          const answered = await super._query(connection, query);
          await explainLockedMigrations(this, connection, answered);
          return answered;
        }
        query.response = await runExclusiveStatement(
          connection,
          statement,
          this.transacting === true,
          options,
        );
        noteMissing(missing, this.pool, statement, connection);
        return query;
      } catch (error) {
        if (isConnectionLost(error)) {
          markLost(connection, error);
          generations.lost(connection);
        }
        throw error;
      }
    }
  }
  return namedAs(PgEvictClient, Base);
}

/** Records whether the database of a pool exists, after a statement that went through it. */
function noteMissing(
  missing: WeakSet<object>,
  pool: unknown,
  { kind, database }: ReadStatement,
  connection: RawConnection,
): void {
  if (kind === 'copy' || database !== connection.database || typeof pool !== 'object' || pool === null)
    return;
  if (kind === 'create') missing.delete(pool);
  else missing.add(pool);
}

function isUsable(connection: RawConnection): boolean {
  // oxlint-disable-next-line no-underscore-dangle -- knex's own name
  return connection.__knex__disposed === undefined;
}
