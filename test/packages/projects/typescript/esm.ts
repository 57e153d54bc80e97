import { resolveConnection, type ResolvedConnection } from '@pg-evict/config';
import { isPgEvictError, recreateDatabase, redactQuery, type OperationReport } from '@pg-evict/core';
import {
  borrowDatabase as borrowInJest,
  type BorrowDatabaseOptions,
  type BorrowedDatabase,
} from '@pg-evict/jest/worker';
import { withPgEvict } from '@pg-evict/knex';
import { startServer, type RunningContainerServer, type RunningServer } from '@pg-evict/server';
import { startRun, type TestRun } from '@pg-evict/testing';
import type * as testing from '@pg-evict/testing/worker';
import pgEvict, { type PgEvictOptions } from '@pg-evict/vitest';
import beginRun from '@pg-evict/vitest/global-setup';
import { borrowDatabase as borrowInVitest } from '@pg-evict/vitest/worker';
import { defineConfig, type ViteUserConfig } from 'vitest/config';

export const quoted: string = redactQuery('app');
export const server: Promise<RunningServer> = startServer({ kind: 'embedded' });
export const container: Promise<RunningContainerServer> = startServer({
  kind: 'testcontainers',
  version: 17,
});
export const run: Promise<TestRun> = startRun({
  testing: { server: { kind: 'testcontainers', reuse: true } },
});

export const borrowed: Promise<BorrowedDatabase> = borrowInJest({ empty: true });
// @ts-expect-error a template has a name
export const misnamed = borrowInJest({ template: 1 });
// @pg-evict/jest writes these types out: no field of theirs may be missing there.
export const field = (name: keyof testing.BorrowedDatabase): keyof BorrowedDatabase => name;
export const option = (name: keyof testing.BorrowDatabaseOptions): keyof BorrowDatabaseOptions => name;
export const setting = (
  name: keyof testing.BorrowedDatabase['connection'],
): keyof BorrowedDatabase['connection'] => name;

const options: PgEvictOptions = { isolation: 'test', leaks: 'warn' };
export const vitest: ViteUserConfig = defineConfig({ plugins: [pgEvict(options)] });
// @ts-expect-error there is no such isolation
export const misspelt = pgEvict({ isolation: 'suite' });
export const begin: (project: never) => Promise<(() => Promise<void>) | undefined> = beginRun;
export const another: Promise<BorrowedDatabase> = borrowInVitest({ template: 'orders' });

export const knexfile = withPgEvict({ client: 'pg', connection: 'postgres://localhost/app' });

export async function renew(): Promise<OperationReport | string> {
  const { settings }: ResolvedConnection = await resolveConnection();
  try {
    return await recreateDatabase({ connection: settings, database: 'app' }, { timeoutMs: 10_000 });
  } catch (error) {
    if (isPgEvictError(error)) return error.code;
    throw error;
  }
}

// @ts-expect-error a query is a string
redactQuery(1);
