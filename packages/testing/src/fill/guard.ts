import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { existsSync, mkdtempSync, readFileSync, rmdirSync, unlinkSync, watch } from '../captured/files.js';
import { type ConnectionSettings, PgEvictError } from '@pg-evict/core';
import { placeOf } from '@pg-evict/core/internal/own-connections';
import type { GuardedFilling, RefusedConnection } from './guarded-filling.cjs';
import { packageDirectory } from '../package-directory.cjs';

/** The databases that a filling may not connect to, and the wording of the refusal. */
export interface Guarded extends Pick<GuardedFilling, 'because' | 'hint'> {
  readonly forbidden: readonly {
    readonly database: string;
    readonly connection: ConnectionSettings;
  }[];
}

/** How long the code that was refused a connection may take to end; code that retries for ever is ended. */
const endingMs = 5000;

/** The module that refuses. */
const guardModule = join(packageDirectory, 'connection-guard.cjs');

/** Options that would make the processes of a filling wait for a debugger, or take the port of this one's. */
const inspecting = /(?:^|\s)--inspect(?:-brk|-port|-wait)?(?:=\S+)?(?=\s|$)/g;

/**
 * Makes the Node processes of a filling, and those that they start, fail when they connect to a database that they must
 * not write to. For other programs, only the variables are set.
 */
export class FillingGuard {
  readonly #folder: string;
  readonly #filling: GuardedFilling;

  private constructor(folder: string, filling: GuardedFilling) {
    this.#folder = folder;
    this.#filling = filling;
  }

  /** Asks the resolver where the servers are. To be released with {@link FillingGuard.remove}. */
  static async of({ forbidden, because, hint }: Guarded): Promise<FillingGuard> {
    const databases = await Promise.all(
      forbidden.map(async ({ connection, database }) => ({ database, server: await placeOf(connection) })),
    );
    // Only this user may read it: it says which files of the project connect where.
    const folder = mkdtempSync(join(tmpdir(), 'pg-evict-filling-'));
    const log = join(folder, 'refused');
    return new FillingGuard(folder, { forbidden: databases, because, hint, log });
  }

  /** The environment of a process of the filling. */
  environment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
    const outer = JSON.parse(env['PG_EVICT_FILLING'] || '[]') as readonly GuardedFilling[];
    const options = (env['NODE_OPTIONS'] ?? '').replaceAll(inspecting, '').trim();
    const load = `--require ${JSON.stringify(guardModule)}`;
    return {
      ...env,
      PG_EVICT_FILLING: JSON.stringify([...outer, this.#filling]),
      NODE_OPTIONS: options.includes(load) ? options : `${options} ${load}`.trim(),
    };
  }

  /**
   * The error for the first connection that was refused, if one was: the database is not used then, even if the code
   * that was refused went on.
   *
   * @param state the fate of the database that was to be filled, as a sentence
   */
  refusal(state: string): PgEvictError | undefined {
    const [refused] = this.#refused();
    if (refused === undefined) return undefined;
    const { because, hint } = this.#filling;
    return new PgEvictError(
      'REFUSED',
      `${refused.at} connects to database "${refused.database}", ${because}. The connection was refused before anything was written.${state === '' ? '' : ` ${state}`}`,
      { database: refused.database, hint },
    );
  }

  /**
   * Calls back some time after a connection was refused, unless it is stopped before. Returns a function that stops it.
   */
  onStuck(callback: () => void): () => void {
    let timer: NodeJS.Timeout | undefined;
    const look = (): void => {
      if (timer === undefined && this.#refused().length > 0) timer = setTimeout(callback, endingMs);
    };
    const watcher = watch(this.#folder, look);
    watcher.on('error', () => undefined);
    return () => {
      watcher.close();
      clearTimeout(timer);
    };
  }

  remove(): void {
    // Not by rmSync(), which calls functions that a test can replace.
    if (existsSync(this.#filling.log)) unlinkSync(this.#filling.log);
    rmdirSync(this.#folder);
  }

  #refused(): RefusedConnection[] {
    try {
      const lines = readFileSync(this.#filling.log, 'utf8').trimEnd().split('\n');
      return lines.map((line) => JSON.parse(line) as RefusedConnection);
    } catch {
      // No connection was refused.
      return [];
    }
  }
}
