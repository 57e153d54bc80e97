import { endRunsOfOthers } from '@pg-evict/testing/internal';

// Ends runs for a process of Jest that is just exiting.
void endRunsOfOthers();
