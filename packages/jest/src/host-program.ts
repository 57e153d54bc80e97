import { hostUntilRunnerEnds } from '@pg-evict/testing/internal';

// The host of a run, in a process of its own.
void hostUntilRunnerEnds(process.argv[2] ?? '')
  // oxlint-disable-next-line no-process-exit -- what the project has loaded may hold this process for ever
  .finally(() => process.exit());
