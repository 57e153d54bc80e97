import type { ConnectionSettings } from '../connection/flatten-connection.js';
import { databaseUrl } from '../connection/url.js';
import { PgEvictError } from '../contract/error.js';
import { PoolerConsole } from './console.js';

/** The way to the admin console of one pooler, with everything that failed on it, for the report. */
export class WayToConsole {
  readonly url: string;
  readonly settings: ConnectionSettings;
  readonly failures: string[] = [];
  #absent: string | undefined;

  constructor(settings: ConnectionSettings) {
    this.settings = settings;
    this.url = databaseUrl({ ...settings, password: undefined }, settings.database ?? '');
  }

  /** All failures as one text; `null` if there was none. */
  get failure(): string | null {
    const failures = [...(this.#absent === undefined ? [] : [this.#absent]), ...this.failures];
    return failures.length === 0 ? null : failures.join('; ');
  }

  /**
   * Checks whether the console can be used. A pooler that is not running has no clients.
   *
   * @throws {@link PgEvictError} `CONNECTION_FAILED`
   */
  async look(): Promise<void> {
    try {
      const console = await this.open();
      try {
        await console.aliases();
        await console.assertAdmin();
      } finally {
        await console.close();
      }
    } catch (error) {
      if (this.#absent !== undefined) return;
      throw new PgEvictError(
        'CONNECTION_FAILED',
        `The pooler ${this.url} cannot be used: ${reasonOf(error)}. Nothing was changed.`,
        {
          hint: 'Give the URL of its admin console, with one of its admin_users (--pooler, or poolers in the configuration). Or leave the pooler out.',
          cause: error,
        },
      );
    }
  }

  /** Opens a console; its caller closes it. */
  async open(): Promise<PoolerConsole> {
    try {
      const console = await PoolerConsole.open(this.settings);
      this.#absent = undefined;
      return console;
    } catch (error) {
      if ((error as { code?: unknown }).code === 'ECONNREFUSED')
        this.#absent = 'nothing listens there, so no client was paused';
      throw error;
    }
  }

  /** Borrows a console. If it cannot be reached now, although it could before, the operation goes on without it. */
  async using<T>(callback: (console: PoolerConsole) => Promise<T>, otherwise: T): Promise<T> {
    let console: PoolerConsole | undefined;
    try {
      console = await this.open();
      return await callback(console);
    } catch (error) {
      if (this.#absent === undefined) this.failures.push(reasonOf(error));
      return otherwise;
    } finally {
      await console?.close();
    }
  }
}

/** The reason of a failure, in words. */
export function reasonOf(error: unknown): string {
  const { message, code } = error as { message?: unknown; code?: unknown };
  const reason = typeof message === 'string' && message !== '' ? message : String(code ?? error);
  return /unrecognized configuration parameter "databases"/.test(reason)
    ? 'it is PostgreSQL that answers there, or a database behind a pooler, and no admin console'
    : reason;
}
