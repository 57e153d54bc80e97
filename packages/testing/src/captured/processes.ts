import childProcess from 'node:child_process';

// The functions as they are before a test replaces them.
export const { spawn, spawnSync } = childProcess;
