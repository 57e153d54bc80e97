import { beginForOthers } from '@pg-evict/testing/internal';

// Begins a run of tests for a process of Jest that watches files.
void beginForOthers()
  // oxlint-disable-next-line no-process-exit -- what the project has loaded may hold this process for ever
  .finally(() => process.exit());
