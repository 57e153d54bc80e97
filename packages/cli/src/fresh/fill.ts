import { dirname } from 'node:path';
import type { DatabaseAccess } from '@pg-evict/core';
import { FillingGuard, type FilledByKnex, runFillingProcess } from '@pg-evict/testing/filling';
import { asApplication, environmentFor } from '../child/environment.js';
import type { CommandContext } from '../context/command-context.js';
import { type FreshStep, nameOf } from './steps.js';

/** The result of filling a database. */
export interface Filled {
  readonly migrations: string[];
  /** Files. */
  readonly seeds: string[];
  /** Commands. */
  readonly ran: string[];
}

/** How a database is filled. */
export interface FillOptions {
  /** The database under its own name. */
  readonly database: string;
  /** The database to fill. */
  readonly access: DatabaseAccess;
  readonly inPlace: boolean;
  readonly onMigration: (name: string, count: { done: number; of: number; tookMs: number }) => void;
  readonly onSession?: ((pid: number) => unknown) | undefined;
}

const remedy = {
  knex: 'Have it read DATABASE_URL, use the knex that is passed in, or wrap the knexfile (withPgEvict); or migrate in place: --in-place.',
  command:
    'Have it read DATABASE_URL, or PGHOST, PGPORT, PGUSER, PGPASSWORD and PGDATABASE; or fill it in place: --in-place.',
} as const;

/**
 * Fills a database by steps, each in a process of its own, whose variables lead to that database. Connections of a step
 * to the database that is to be replaced are refused.
 *
 * @throws PgEvictError `REFUSED` for that, `ABORTED`, and the error of a step
 */
export async function fillBySteps(
  { configuration: { env }, connection, options }: CommandContext,
  steps: readonly FreshStep[],
  { database, access, inPlace, onMigration, onSession }: FillOptions,
): Promise<Filled> {
  const state = inPlace ? 'may be half-migrated' : 'was not replaced';
  const isKnex = steps.some(({ kind }) => kind === 'knex');
  const guard = await FillingGuard.of({
    forbidden: inPlace ? [] : [{ database, connection: connection.settings }],
    because: 'which is about to be replaced: what it writes there would be lost',
    hint: remedy[isKnex ? 'knex' : 'command'],
  });
  const filled: Filled = { migrations: [], seeds: [], ran: [] };
  const variables = environmentFor(access, connection, options.url);
  const settings = {
    env: {
      ...variables,
      // A wrapped knexfile follows it, regardless of its own settings.
      PG_EVICT_TEST_DATABASE_URL: variables['DATABASE_URL'],
      PG_EVICT_DATABASE: database,
    },
    guard,
    stdin: 'inherit',
    stdout: options.json === true ? 'stderr' : 'inherit',
    signal: access.signal,
    onMigration,
    onSession,
  } as const;
  try {
    for (const step of steps) {
      const said = `Database "${database}" ${state}.`;
      if (step.kind === 'command') {
        const { command, args, cwd } = step;
        await runFillingProcess(
          { kind: 'command', command, args, capture: false, fate: `database "${database}" ${state}` },
          said,
          {
            ...settings,
            cwd,
          },
        );
        filled.ran.push(nameOf(step));
        continue;
      }
      const { knexfile, seed } = step;
      const { password, ...server } = asApplication(access, connection.settings).connection;
      const sent = { ...server, ...(typeof password === 'function' ? {} : { password }) };
      const job = { kind: 'knex', knexfile, env, seed, database, connection: sent, state } as const;
      const isKnexfiles = connection.source.kind === 'knexfile';
      const done: FilledByKnex = await runFillingProcess({ ...job, isKnexfiles }, said, {
        ...settings,
        cwd: dirname(knexfile),
      });
      filled.migrations.push(...done.migrations);
      filled.seeds.push(...done.seeds);
    }
    return filled;
  } finally {
    guard.remove();
  }
}
