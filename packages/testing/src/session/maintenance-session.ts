import type { ConnectionSettings } from '@pg-evict/core';
import { isConnectionLost, maintenanceDatabasesOf, onMaintenanceDatabase } from '@pg-evict/core/internal';
import { type AdvisoryLock, lockKeys } from './advisory-locks.js';
import { LockWait, takeLock } from './lock-wait.js';
import { answerTimeMs, ServerSession } from './server-session.js';

/** How long a session waits. */
interface SessionLimits {
  /** For the server's answer to each question. @default a second more than `timeoutMs`, or ten minutes */
  readonly answerMs?: number | undefined;
  /** For what others hold: 60 seconds at most for a lock, 30 for a database, unless something else is configured. */
  readonly timeoutMs?: number | undefined;
}

/**
 * A process's session on the maintenance database: it creates and drops databases and holds the advisory locks that say
 * so. If it is lost, it comes back with its locks at once, or, if that fails, when it is next needed.
 */
export class MaintenanceSession {
  readonly #settings: ConnectionSettings;
  readonly #databases: readonly string[];
  readonly #limits: SessionLimits;
  readonly #locks = new Map<string, AdvisoryLock>();
  #opening: Promise<ServerSession>;
  #pid: number | undefined;

  private constructor(
    settings: ConnectionSettings,
    databases: readonly string[],
    opening: Promise<ServerSession>,
    limits: SessionLimits,
  ) {
    this.#limits = limits;
    this.#settings = settings;
    this.#databases = databases;
    this.#opening = opening;
    void opening.then((session) => this.#watch(session));
  }

  /**
   * Connects to the maintenance database; if none is named, to `postgres` or else `template1`.
   *
   * @throws {@link PgEvictError} `CONNECTION_FAILED`, `TIMEOUT`
   */
  static async open(
    settings: ConnectionSettings,
    maintenanceDatabase?: string,
    given: SessionLimits = {},
  ): Promise<MaintenanceSession> {
    const limits = { ...given, answerMs: given.answerMs ?? answerTimeMs(given.timeoutMs) };
    const databases = maintenanceDatabasesOf(maintenanceDatabase);
    const session = await openFirst(settings, databases, limits.answerMs);
    return new MaintenanceSession(settings, databases, Promise.resolve(session), limits);
  }

  /** The password that was used, from any source. */
  async password(): Promise<string | undefined> {
    return (await this.#opening).password;
  }

  /** Of its backend. */
  get pid(): number | undefined {
    return this.#pid;
  }

  /** How long others may hold a lock that we need; `undefined` if nothing is configured. */
  get timeoutMs(): number | undefined {
    return this.#limits.timeoutMs;
  }

  /** Runs one statement, which must be repeatable: a lost session may have run it. */
  // oxlint-disable-next-line no-unnecessary-type-parameters -- the shape of a row is what the statement says
  async query<Row extends object>(
    statement: string | { readonly name: string; readonly text: string },
    values?: unknown[],
  ): Promise<{ rows: Row[] }> {
    return this.#ask(async (session) => session.query<Row>(statement, values));
  }

  /**
   * Takes a lock, waiting for it, and keeps it until {@link release} or the end of this session.
   *
   * @param what what its holder does, in a clause
   * @throws {@link PgEvictError} `BLOCKED` if another session holds it for too long
   */
  async hold(lock: AdvisoryLock, what?: string): Promise<void> {
    await this.#ask(async (session) => takeLock(session, lock, this.#limits.timeoutMs, what));
    this.#locks.set(`${lock.kind} ${lock.of}`, lock);
  }

  /**
   * Takes a lock, or returns the object that the lock's holder makes meanwhile.
   *
   * @param what the purpose of the lock, in a sentence
   * @param look looks for the object: `undefined` while it does not exist
   * @param getsOn whether the lock's holder is seen to make progress; if not, it has `patienceMs`, but no longer than the lock
   * may be held
   * @returns the object; `undefined` if the lock was taken
   * @throws {@link PgEvictError} `BLOCKED` if another session holds it for too long
   */
  async holdUnless<T>(
    lock: AdvisoryLock,
    what: string,
    patienceMs: number,
    look: () => Promise<T | undefined>,
    getsOn: () => Promise<boolean>,
  ): Promise<T | undefined> {
    const wait = new LockWait(this, lock, what, Math.min(patienceMs, this.#limits.timeoutMs ?? Infinity));
    while (!(await wait.try())) {
      const found = await look();
      if (found !== undefined) return found;
      if (await getsOn()) wait.getsOn();
      await wait.pause();
    }
    this.#locks.set(`${lock.kind} ${lock.of}`, lock);
    return undefined;
  }

  /** Gives a lock back. */
  async release(lock: AdvisoryLock): Promise<void> {
    this.#locks.delete(`${lock.kind} ${lock.of}`);
    const unlock = `pg_advisory_unlock${lock.shared ? '_shared' : ''}`;
    await this.query(`SELECT ${unlock}($1, $2)`, lockKeys(lock));
  }

  /** Ends the session, and with it all its locks. */
  async close(): Promise<void> {
    this.#locks.clear();
    const session = await this.#opening.catch(() => undefined);
    await session?.close();
  }

  async #ask<T>(ask: (session: ServerSession) => Promise<T>): Promise<T> {
    const session = await this.#session();
    try {
      return await ask(session);
    } catch (error) {
      if (!session.lost || !isConnectionLost(error)) throw error;
      return ask(await this.#session());
    }
  }

  async #session(): Promise<ServerSession> {
    const opening = this.#opening;
    const session = await opening.catch(() => undefined);
    if (session?.lost === false) return session;
    // If several callers find it lost, one opens another: two would wait for each other's locks.
    if (this.#opening !== opening) return this.#session();
    this.#opening = this.#reopen();
    return this.#opening;
  }

  async #reopen(): Promise<ServerSession> {
    const session = await openFirst(this.#settings, this.#databases, this.#limits.answerMs);
    for (const lock of this.#locks.values()) await takeLock(session, lock, this.#limits.timeoutMs);
    this.#watch(session);
    return session;
  }

  /** Without its locks no other process would know that the run lives. */
  #watch(session: ServerSession): void {
    this.#pid = session.pid;
    session.onLost(() => void this.#session().catch(() => undefined));
  }
}

async function openFirst(
  settings: ConnectionSettings,
  databases: readonly string[],
  answerMs: number | undefined,
): Promise<ServerSession> {
  return onMaintenanceDatabase(databases, async (database) =>
    ServerSession.open(settings, database, answerMs),
  );
}
