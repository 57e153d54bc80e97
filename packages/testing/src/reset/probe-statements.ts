import type { ServerSession } from '../session/server-session.js';
import { pageBytes, type Relation, type Since } from './relations.js';

/** An object whose content can be compared by two numbers. */
export interface Probe {
  readonly group: ProbeGroup;
  /** The relation it is about; none for a probe of the database as a whole. */
  readonly relation: Relation | undefined;
  /** For messages. */
  readonly name: string;
  /** Returns the two numbers; `$1` and `$2` are the fields of {@link Since}. Of `sizes`, one query is enough for all. */
  readonly sql: string | null;
}

/** New rows are counted in the lower bits of a table's second number, its pages in the upper ones. */
export const rowBits = 40n;

/** SQL of the second number of a table that has no new rows. A transaction that was rolled back leaves pages, too. */
export const pagesOf = (relation: string): string =>
  `(pg_relation_size(${relation}) / ${pageBytes} << ${rowBits})`;

/**
 * The probes of catalogs, of tables, and of values that change without a transaction id (sequences, the planner's
 * numbers) are separate statements: TRUNCATE and changes of definitions make the server plan again every statement that
 * reads the relations, and often only the last group is needed. Of tables that have no page in the template the sizes
 * are enough: a statement that reads only these opens no index, and is never planned again. It gets their oids as an
 * array, as a constant of type regclass would tie the plan to the relation.
 */
export const groups = ['catalogs', 'tables', 'sizes', 'untracked'] as const;
export type ProbeGroup = (typeof groups)[number];

/** Probes that are one prepared statement. */
export interface ProbeStatement {
  readonly group: ProbeGroup;
  readonly name: string;
  /** The probes, by index. */
  readonly indexes: readonly number[];
  /** How many relations it locks. */
  readonly locks: number;
}

/** Numbers that differ, by the probe's index. */
export type Differences = ReadonlyMap<number, readonly [string, string]>;

/** The two numbers of each probe, as text, by its index: see {@link Baseline}. */
export interface ProbeNumbers {
  readonly first: readonly string[];
  readonly second: readonly string[];
}

/**
 * The maximum number of relations that one statement locks: its planning time grows with their square. A statement is
 * planned again when one of its relations was vacuumed or truncated, so those of tables are small. Each statement also
 * costs the server some 0.07 ms whenever it runs.
 */
const locksOfStatement: Readonly<Record<ProbeGroup, number>> = {
  catalogs: 200,
  tables: 20,
  sizes: 200,
  untracked: 200,
};

/**
 * The maximum number of relations that are locked at once, with their indexes: all workers share
 * `max_locks_per_transaction`.
 */
const locksAtOnce = 400;

/** How many relations a probe locks: its own, and the indexes that the planner looks at. */
const locksOf = ({ group, relation }: Probe): number =>
  1 + (group === 'sizes' ? 0 : (relation?.indexes ?? 0));

/** Divides probes into statements. */
export function divideProbes(probes: readonly Probe[]): ProbeStatement[] {
  return groups.flatMap((group) => {
    const indexes = [...probes.keys()].filter((index) => {
      const probe = probes[index];
      return probe?.group === group;
    });
    const locks = (index: number): number => locksOf(probes[index] as Probe);
    return packed(indexes, locks, locksOfStatement[group]).map((part, n) => ({
      group,
      name: `pg_evict_${group}_${n}`,
      indexes: part,
      locks: part.reduce((sum, index) => sum + locks(index), 0),
    }));
  });
}

/** Divides a list into parts whose weight is not above a limit, in order. */
export function packed<T>(items: readonly T[], weigh: (item: T) => number, limit: number): T[][] {
  const parts: T[][] = [];
  let weight = Infinity;
  for (const item of items) {
    weight += weigh(item);
    if (weight > limit) {
      parts.push([]);
      weight = weigh(item);
    }
    parts.at(-1)?.push(item);
  }
  return parts;
}

/** Prepares the statements, which are planned once. They return the probes whose numbers differ from $3 and $4. */
export async function prepareProbes(
  session: ServerSession,
  probes: readonly Probe[],
  statements: readonly ProbeStatement[],
): Promise<void> {
  for (const part of packed(statements, ({ locks }) => locks, locksAtOnce)) {
    await session.queryAll(
      part.map(({ group, name, indexes }) => {
        const asked = indexes.flatMap((index) => probes[index] ?? []);
        return `PREPARE ${name} (xid, xid, bigint[], bigint[]) AS
          SELECT i, first::text, second::text FROM (${group === 'sizes' ? sizesOf(asked) : numbersOf(asked)})
            AS p (i, first, second)
          WHERE first IS DISTINCT FROM $3[i] OR second IS DISTINCT FROM $4[i]`;
      }),
    );
  }
}

function numbersOf(probes: readonly Probe[]): string {
  return probes.map(({ sql }, n) => `SELECT ${n + 1}, p.* FROM (${sql ?? ''}) AS p`).join('\nUNION ALL ');
}

function sizesOf(probes: readonly Probe[]): string {
  const oids = probes.map(({ relation }) => relation?.oid ?? 0).join(',');
  return `SELECT n::int, 0, ${pagesOf('r.oid::regclass')} FROM unnest('{${oids}}'::oid[]) WITH ORDINALITY AS r (oid, n)`;
}

/** Runs the prepared probes of groups; returns for each the numbers that differ from these. */
export async function askProbes(
  session: ServerSession,
  known: KnownNumbers,
  asked: readonly ProbeGroup[],
  since: Since,
): Promise<Differences[]> {
  const meant = statementsOf(known, asked);
  const answers: Answer[][] = [];
  for (const part of packed(meant, ({ locks }) => locks, locksAtOnce)) {
    const statements = part.map((statement) => executeStatement(statement, since, known));
    answers.push(...(await session.queryAll<Answer>(statements)));
  }
  return differencesOf(asked, meant, answers);
}

/**
 * The same in one transaction with other statements, which run before them; `undefined` if the probes lock too many
 * relations for that.
 */
export async function askWithProbes(
  session: ServerSession,
  others: readonly string[],
  known: KnownNumbers,
  asked: readonly ProbeGroup[],
  since: Since,
): Promise<{ readonly rows: readonly object[][]; readonly found: Differences[] } | undefined> {
  const meant = statementsOf(known, asked);
  if (meant.reduce((sum, { locks }) => sum + locks, 0) > locksAtOnce) return undefined;
  const answers = await session.queryAll([
    ...others,
    ...meant.map((statement) => executeStatement(statement, since, known)),
  ]);
  const found = differencesOf(asked, meant, answers.slice(others.length) as Answer[][]);
  return { rows: answers.slice(0, others.length), found };
}

type KnownNumbers = ProbeNumbers & { readonly statements: readonly ProbeStatement[] };

/** A row of a probe's statement: the probe's place in it, from 1 on, and its numbers. */
interface Answer {
  readonly i: number;
  readonly first: string;
  readonly second: string;
}

const statementsOf = ({ statements }: KnownNumbers, asked: readonly ProbeGroup[]): ProbeStatement[] =>
  statements.filter(({ group }) => asked.includes(group));

function differencesOf(
  asked: readonly ProbeGroup[],
  statements: readonly ProbeStatement[],
  answers: readonly (readonly Answer[])[],
): Differences[] {
  const found = new Map(asked.map((group) => [group, new Map<number, readonly [string, string]>()]));
  for (const [n, { group, indexes }] of statements.entries()) {
    for (const { i, first, second } of answers[n] ?? []) {
      found.get(group)?.set(indexes[i - 1] ?? -1, [first, second]);
    }
  }
  return [...found.values()];
}

/** EXECUTE takes no parameters, and these are numbers. */
function executeStatement(
  { name, indexes }: ProbeStatement,
  { newSince, own }: Since,
  known: ProbeNumbers,
): string {
  const array = (numbers: readonly string[]): string =>
    `'{${indexes.map((index) => numbers[index] ?? 'NULL').join(',')}}'`;
  return `EXECUTE ${name} ('${newSince}', '${own}', ${array(known.first)}, ${array(known.second)})`;
}
