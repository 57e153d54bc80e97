import { endRunsOfOthers } from '@pg-evict/testing/internal';

// Ends runs for a process of Vitest that is just exiting.
void endRunsOfOthers();
