import type { OperationReport } from '@pg-evict/core';

/** What a command did: what an operation of core reports, and what the command added to it. */
export interface PerformedReport extends Omit<OperationReport, 'command'> {
  readonly command: OperationReport['command'] | 'fresh';
  /** `fresh`: the names of the migrations, in their order; in a dry run, of those that would be run. */
  readonly migrations?: readonly string[];
  /** `fresh`: the names of the seeds, likewise. */
  readonly seeds?: readonly string[];
}
