import { hostUntilRunnerEnds } from './host/detached.js';

// The host of a run, in a process of its own.
void hostUntilRunnerEnds(process.argv[2] ?? '')
  // oxlint-disable-next-line no-process-exit -- what the project has loaded may hold this process for ever
  .finally(() => process.exit());
