import childProcess from 'node:child_process';

/** Starts a process, even if a test has replaced `child_process.spawn`. */
export const { spawn } = childProcess;
