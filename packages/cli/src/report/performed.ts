import type { Blocker, OperationReport, UndoneContent } from '@pg-evict/core';
import type { SkippedStatement } from '../dump/dump.js';
import { formatSize, formatTime } from '../terminal/format.js';
import { printable } from '../terminal/printable.js';

/** The result of a command: the report of an operation of core, and the command's additions. */
export interface PerformedReport extends Omit<OperationReport, 'command'> {
  readonly command: OperationReport['command'] | 'fresh' | 'restore';
  /** `fresh`: the names of the migrations, in their order; in a dry run, of those that would be run. */
  readonly migrations?: readonly string[];
  /** `fresh`: the names of the seeds, likewise. */
  readonly seeds?: readonly string[];
  /** `fresh`: the commands that filled the database, likewise. */
  readonly ran?: readonly string[];
  /** `restore`: the restored objects, or those that would be restored. */
  readonly restored?: RestoredDump;
  /** `restore`: the size of the dump on disk. */
  readonly bytes?: number;
  /** `restore`: the parts of the dump that were left out. */
  readonly skipped?: readonly SkippedStatement[];
}

/** A dump that was restored. */
export interface RestoredDump {
  /** Its path, as it was given. */
  readonly dump: string;
  readonly format: 'custom' | 'tar' | 'directory' | 'plain';
  /** The number of tables now; in a dry run, the number that it lists. `null` if it has no list. */
  readonly tables: number | null;
  /** The database it was made from, and when, if it says so. */
  readonly origin: string | undefined;
}

/**
 * ` with 2 migrations and 1 seed`, or ` with "npm run migrate"`, after the name of a database; nothing for an operation
 * without migrations.
 */
export function countMigrations({ migrations, seeds = [], ran = [] }: PerformedReport): string {
  if (migrations === undefined) return '';
  const commands = ran.map((command) => `"${printable(command)}"`).join(' and ');
  if (commands !== '' && migrations.length === 0) return ` with ${commands}`;
  if (commands !== '') return ` with ${count(migrations.length, 'migration')} and ${commands}`;
  const seeded = seeds.length === 0 ? '' : ` and ${count(seeds.length, 'seed')}`;
  return ` with ${count(migrations.length, 'migration')}${seeded}`;
}

/** `as it was at 14:04 (274 MB, before recreate)`, for content that an undo restores. */
export function asItWas({ by, keptAt, sizeBytes }: UndoneContent): string {
  const size = sizeBytes === null ? '' : `${formatSize(sizeBytes)}, `;
  return `as it was at ${formatTime(new Date(keptAt))} (${size}before ${printable(by)})`;
}

/** Losses of a drop beside the database, a sentence each: content that was kept of it. */
export const keptDetails = ({ keptDropped = [] }: Pick<PerformedReport, 'keptDropped'>): string[] =>
  keptDropped.map((name) => `The content kept for an undo, "${name}".`);

/** Everything that is lost beside the database, a sentence each. */
export const lostDetails = (report: Pick<PerformedReport, 'keptDropped' | 'removed'>): string[] => [
  ...report.removed.map(lostDetail),
  ...keptDetails(report),
];

/** Obstacles that an operation removes on request, and what is lost with each; `of` names it and its database. */
const lostWith: Readonly<Partial<Record<Blocker['kind'], (of: string) => string>>> = {
  'prepared-transaction': (of) => `The prepared transaction ${of}.`,
  'replication-slot': (of) => `The replication slot ${of}. Its consumer cannot continue.`,
  subscription: (of) => `The subscription ${of}.`,
};

function lostDetail({ database, detail, kind, name }: Blocker): string {
  if (kind === 'template') return `The mark of "${name}" as a template.`;
  return lostWith[kind]?.(`"${name}" of database "${database}"`) ?? detail;
}

const count = (number: number, what: string): string =>
  `${number === 0 ? 'no' : number} ${what}${number === 1 ? '' : 's'}`;
