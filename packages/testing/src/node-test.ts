import { beginTestFile } from './node-test/begin-test-file.js';

// `node --import @pg-evict/testing/node-test --test` waits for it before it loads a test file.
void beginTestFile();
