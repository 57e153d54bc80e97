import type { PerformedReport } from './performed-report.js';

/** ` with 2 migrations and 1 seed`, after the name of a database; nothing for an operation without migrations. */
export function countMigrations({ migrations, seeds = [] }: PerformedReport): string {
  if (migrations === undefined) return '';
  const seeded = seeds.length === 0 ? '' : ` and ${count(seeds.length, 'seed')}`;
  return ` with ${count(migrations.length, 'migration')}${seeded}`;
}

const count = (number: number, what: string): string =>
  `${number === 0 ? 'no' : number} ${what}${number === 1 ? '' : 's'}`;
