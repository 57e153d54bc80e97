import { closeSync, writeSync } from 'node:fs';
import { finished } from 'node:stream/promises';
import { isPgEvictError, PgEvictError } from '@pg-evict/core';
import { startRun, type TestRun } from '@pg-evict/testing';
import { ownServer } from '@pg-evict/testing/internal';
import type { Begin, Begun } from './run/begin-in-child.js';

/** The descriptor of the answer: the project's own output goes to standard output. */
const answer = 3;

/** Begins a run and hands it on; the process that asked for it joins it. The run lives until standard input ends. */
async function begin({ directory, server }: Begin): Promise<Begun> {
  try {
    return { run: (await start(directory, server)).toJSON() };
  } catch (error) {
    const code = isPgEvictError(error) ? error.code : 'UNEXPECTED';
    return { error: { code, message: error instanceof Error ? error.message : String(error) } };
  }
}

async function start(cwd: string, server: Begin['server']): Promise<TestRun> {
  // One that is started here would end with this process.
  const mayStart = (await ownServer(cwd)) === undefined || server.url !== undefined;
  if (mayStart) return startRun({ cwd, ...server });
  throw new PgEvictError('CONFIG_INVALID', 'The configuration no longer names the server of the tests.', {
    hint: 'End watch mode and start it again.',
  });
}

async function handOn(): Promise<void> {
  const begun = await begin(JSON.parse(process.argv[2] ?? '') as Begin);
  writeSync(answer, JSON.stringify(begun));
  closeSync(answer);
}

const ended = finished(process.stdin.resume(), { writable: false });
void handOn()
  .then(async () => ended)
  // oxlint-disable-next-line no-process-exit -- what the project has loaded may hold this process for ever
  .then(() => process.exit());
