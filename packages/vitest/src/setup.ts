import { beginTestFile } from './file/begin-test-file.js';

// Vitest's setup file: evaluated for each test file. The plugin adds it.

const { env, url } = import.meta as { env?: unknown; url: string };
/** Node itself evaluates a module once for each worker, even if the same worker loads later test files. */
const isRepeated = env !== undefined || url.includes('?vitest=');

await beginTestFile({ anew: true, isRepeated });
