import type { OperationReport, Standby } from '@pg-evict/core';

/** A standby by its name, and its address where that is known. */
export function describeStandby({ client, name }: Standby): string {
  return `standby "${name}"${client === null ? '' : ` (${client})`}`;
}

/** The effect of a drop on the sessions on standbys, which cannot be listed here; empty if there are no standbys. */
export function standbyLines({ dryRun, standbys }: Pick<OperationReport, 'dryRun' | 'standbys'>): string[] {
  if (standbys.length === 0) return [];
  const names = standbys.map(describeStandby).join(', ');
  return [
    `Sessions on ${names} ${dryRun ? 'would be terminated' : 'are terminated'} as well when the drop arrives there.`,
  ];
}
