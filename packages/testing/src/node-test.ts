import { beginTestFile } from './node-test/begin-test-file.js';

// `node --import @pg-evict/testing/node-test --test` waits for it, as it is built, before it loads a test file.
void beginTestFile();
