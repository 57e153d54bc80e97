import { isPgEvictError, type PgEvictError } from '@pg-evict/core';
import type { PgEvictKnexOptions } from '@pg-evict/knex';
import type { Knex } from 'knex';
import { Scratch } from '../scratch.js';
import { serverUrl } from '../server.js';
import { openSession, type OpenSession } from '../sessions.js';
import { knexProject, type KnexProject, type KnexVersion } from './knex-versions.js';

/** What a test file of one knex version opens, and closes again. */
export class KnexFixture {
  readonly scratch = new Scratch();
  readonly #instances: Knex[] = [];
  readonly #sessions: OpenSession[] = [];
  readonly #version: KnexVersion;
  #project: KnexProject | undefined;

  constructor(version: KnexVersion) {
    this.#version = version;
    afterEach(async () => this.close());
    afterAll(async () => {
      await this.scratch.cleanUp();
      this.#project?.remove();
    });
  }

  /** Made when it is first asked for: a suite that is skipped as a whole would not remove it. */
  get project(): KnexProject {
    return (this.#project ??= knexProject(this.#version));
  }

  /** A wrapped instance on a database of the run's server. */
  connect(database: string, options: PgEvictKnexOptions = {}, config: Knex.Config = {}): Knex {
    return this.wrap({ client: 'pg', connection: serverUrl({ database }), ...config }, options);
  }

  /** An instance of a wrapped configuration. */
  wrap(config: Knex.Config, options: PgEvictKnexOptions = {}): Knex {
    const log = { warn: () => undefined, error: () => undefined, debug: () => undefined };
    return this.remember(
      this.project.knex(
        this.project.plugin.withPgEvict({ log, ...config }, { timeoutMs: 20_000, ...options }),
      ),
    );
  }

  /** Has an instance destroyed when the test is over. */
  remember(knex: Knex): Knex {
    this.#instances.push(knex);
    return knex;
  }

  /** Sessions in the three states that stand in the way. */
  async others(database: string): Promise<OpenSession[]> {
    const url = serverUrl({ database });
    const opened = await Promise.all([
      openSession(url),
      openSession(url, 'active'),
      openSession(url, 'idle in transaction'),
    ]);
    this.#sessions.push(...opened);
    return opened;
  }

  async close(): Promise<void> {
    await Promise.all(this.#sessions.splice(0).map(async ({ close }) => close()));
    const destroyed = this.#instances.splice(0).map(async (knex) => knex.destroy());
    // knex waits for ever for a connection that is never given back.
    await Promise.race([Promise.all(destroyed), new Promise((resolve) => setTimeout(resolve, 2000).unref())]);
  }
}

/** How sessions ended; rejects if one has not. */
export async function ends(sessions: readonly OpenSession[]): Promise<(string | undefined)[]> {
  return Promise.all(sessions.map(async ({ ended }) => ended));
}

/** The error of pg-evict that something fails with. */
export async function failure(promise: PromiseLike<unknown>): Promise<PgEvictError> {
  const error = await rejection(promise);
  if (!isPgEvictError(error)) throw error;
  return error;
}

/** What something fails with. */
export async function rejection(promise: PromiseLike<unknown>): Promise<Error & { code?: unknown }> {
  try {
    await promise;
  } catch (error) {
    return error as Error;
  }
  throw new Error('it did not fail');
}
