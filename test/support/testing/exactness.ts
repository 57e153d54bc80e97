import {
  acquireDatabase,
  endRun,
  resetDatabase,
  startRun,
  type TestDatabase,
  type TestRun,
} from '@pg-evict/testing';
import { randomNumbers } from '../long/random.js';
import { ask, quote, serverUrl, uniqueName, withClient } from '../server.js';
import type { Scratch } from '../scratch.js';
import { differences, dumpDatabase } from './dump-database.js';
import { changeAtRandom, type Done, IdleClients, kindsOfChanges } from './random-changes.js';
import { templateSchema } from './template-schema.js';

/** A run with a database to change, and a copy of the template that nobody touches. */
interface Subject {
  readonly run: TestRun;
  readonly database: TestDatabase;
  readonly reference: Record<string, string>;
  readonly superuser: boolean;
}

/** What a series of random changes and resets came to. */
export interface Tally {
  /** How often each way to reset was taken. */
  readonly how: Record<string, number>;
  /** For each kind of change, how many were made, how many the server refused, and after how many the dump differed. */
  readonly kinds: Record<string, { made: number; refused: number; visible: number }>;
  /** Where a database was not what the template is after a reset: how to get there again, and what differs. */
  readonly failures: string[];
}

/** Begins a run whose template has something of everything; as a superuser, or as a role that owns its databases. */
export async function prepareSubject(scratch: Scratch, superuser: boolean): Promise<Subject> {
  const role = superuser ? undefined : await scratch.role('CREATEDB');
  const url = role === undefined ? serverUrl() : serverUrl({ user: role, password: role });
  const run = await startRun({
    url,
    cwd: __dirname,
    testing: {
      template: {
        setup: async (to) => withClient(to, async (client) => void (await client.query(templateSchema))),
      },
    },
  });
  const database = await acquireDatabase(run);
  const copy = scratch.forget(uniqueName('reference'));
  await ask(
    `CREATE DATABASE ${quote(copy)} TEMPLATE ${quote(run.template.name)} ${role === undefined ? '' : `OWNER ${quote(role)}`}`,
  );
  const reference = await dumpDatabase(serverUrl({ database: copy }));
  return { run, database, reference, superuser };
}

/** Ends it, and with it the databases: the template is for this run only. */
export async function disposeSubject({ run }: Subject): Promise<void> {
  await endRun(run);
}

/** Kinds of changes that are undone in the same database, so that the next ones are made to rows that were put back. */
const undoneInPlace = ['rows', 'rows', 'truncate', 'sequences'];

/**
 * What is done between one reset and the next, with a seed: kinds of changes. Each kind comes first as often as any other,
 * in turn; further changes are drawn. After every fourth seed, some are undone in place one after the other.
 */
function roundsOf(seed: number, random: () => number): string[][] {
  const draw = (kinds: readonly string[]): string => kinds[Math.floor(random() * kinds.length)] ?? '';
  const first = kindsOfChanges[seed % kindsOfChanges.length] ?? '';
  const mixed = [first, ...Array.from({ length: Math.floor(random() * 3) }, () => draw(kindsOfChanges))];
  const inPlace = Array.from({ length: seed % 4 === 0 ? 3 : 0 }, () => [draw(undoneInPlace)]);
  return [mixed, ...inPlace];
}

/** Changes the database at random and resets it, again and again; after each reset it is compared with the copy. */
export async function changeAndReset(subject: Subject, seeds: readonly number[]): Promise<Tally> {
  const kinds = Object.fromEntries(kindsOfChanges.map((kind) => [kind, { made: 0, refused: 0, visible: 0 }]));
  const tally: Tally = { how: {}, kinds, failures: [] };
  const clients = new IdleClients();
  for (const seed of seeds) {
    const random = randomNumbers(seed * 7919);
    // Every second time sessions that are idle stay, and make the next changes.
    const keepIdle = seed % 2 === 0;
    for (const round of roundsOf(seed, random))
      await changeAndResetOnce(subject, { seed, random, round, keepIdle, clients }, tally);
  }
  await clients.end();
  return tally;
}

interface Round {
  readonly seed: number;
  readonly random: () => number;
  readonly round: string[];
  readonly keepIdle: boolean;
  readonly clients: IdleClients;
}

async function changeAndResetOnce(
  { database, reference, superuser }: Subject,
  { random, round, seed, keepIdle, clients }: Round,
  tally: Tally,
): Promise<void> {
  const asSuperuser = serverUrl({ database: database.name });
  const done: Done[] = [];
  for (const kind of round)
    done.push(await changeAtRandom(database.url, random, { kind, superuser, clients }));
  for (const { kind, refused } of done) {
    const counts = tally.kinds[kind];
    if (counts !== undefined) counts[refused === null ? 'made' : 'refused'] += 1;
  }
  const isAlone = done.length === 1 && ['commit', 'vanish'].includes(done[0]?.ending ?? '');
  if (isAlone && differences(reference, await dumpDatabase(asSuperuser)).length > 0) {
    const counts = tally.kinds[round[0] ?? ''];
    if (counts !== undefined) counts.visible += 1;
  }
  const report = await resetDatabase(database, { graceMs: 20, keepIdle });
  tally.how[report.how] = (tally.how[report.how] ?? 0) + 1;
  const differing = differences(reference, await dumpDatabase(asSuperuser));
  const others = await ask<{ pid: number }>(
    `SELECT pid FROM pg_stat_activity WHERE datname = $1 AND application_name = 'a test'
       AND NOT ($2 AND state = 'idle')`,
    [database.name, keepIdle],
  );
  if (differing.length > 0 || others.length > 0) {
    tally.failures.push(
      `seed ${seed}, ${keepIdle ? 'idle sessions kept, ' : ''}reset by ${report.how}: ${others.length} sessions are left; ${differing.join(', ')} differ after ${JSON.stringify(done)}`,
    );
  }
}
