import { unwatched } from '../leaks/watch-sockets.js';
import { addressOf } from '../server/database-address.js';
import type { BorrowedDatabase } from './borrowed-database.js';
import { thisThread, type WayToHost, wayToHost } from './thread.js';

/** Options of {@link borrowDatabase}. */
export interface BorrowDatabaseOptions {
  /**
   * The name of another template: one of `testing.templates` of the configuration.
   * @default testing.template
   */
  readonly template?: string | undefined;
  /**
   * Whether the database is to be empty, as CREATE DATABASE makes it.
   * @default false
   */
  readonly empty?: boolean | undefined;
}

/**
 * Borrows one more database: a copy of the template for this caller alone. It is given back by its `release()`, at the
 * end of the test file at the latest. A session that is left on it then is a leak of the file.
 *
 * ```ts
 * const shadow = await borrowDatabase({ empty: true });
 * const pool = new Pool({ connectionString: shadow.url });
 * ```
 *
 * @throws {@link PgEvictError} `CONFIG_INVALID` if no run was begun, or the configuration has no such template; the
 * errors of `acquireDatabase`; `CONNECTION_FAILED` if the host is gone; `TIMEOUT`
 */
export async function borrowDatabase({
  template,
  empty,
}: BorrowDatabaseOptions = {}): Promise<BorrowedDatabase> {
  const { file, borrowed } = thisThread();
  const { run, connection }: WayToHost = file?.way ?? wayToHost(undefined);
  const whom = file?.file ?? 'borrowDatabase()';
  return unwatched(async () => {
    const host = await connection();
    const { name } = await host.ask('borrow', { run: run.id, template, empty, for: whom }, { for: whom });
    let isReleased = false;
    const release = async (): Promise<void> => {
      if (isReleased) return;
      isReleased = true;
      borrowed.delete(database);
      await unwatched(async () =>
        (await connection()).ask('return', { name, used: true, next: 'none' }, { for: whom }),
      );
    };
    const database: BorrowedDatabase = {
      name,
      ...addressOf(run.server, name),
      async reset() {
        await unwatched(async () =>
          file === undefined
            ? (await connection()).ask('reset', { name }, { for: whom })
            : file.resetOther(name),
        );
      },
      release,
      [Symbol.asyncDispose]: release,
    };
    borrowed.add(database);
    return database;
  });
}
