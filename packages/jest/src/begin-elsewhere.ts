import { closeSync, writeSync } from 'node:fs';
import { finished } from 'node:stream/promises';
import { isPgEvictError, PgEvictError } from '@pg-evict/core';
import { startRun, type TestRun } from '@pg-evict/testing';
import type { Begin, Begun } from './run/begin-in-child.js';
import { ownServer } from './run/configured-server.js';
import { configurationOf } from './run/projects.js';
import { type JestRun, readRuns } from './run/runs-variable.js';

/** The descriptor of the answer: standard output is that of what the project loads. */
const answer = 3;

/** Begins a run and hands it on; whoever asked for it joins it. Until standard input ends, the run lives. */
async function begin({ directory, server }: Begin): Promise<Begun> {
  try {
    if (server !== undefined) return { run: (await start(directory, server)).toJSON() };
    const shared = await sharedRun(directory);
    return { run: shared ?? { ...(await start(directory, server)).toJSON(), alone: true } };
  } catch (error) {
    const code = isPgEvictError(error) ? error.code : 'UNEXPECTED';
    return { error: { code, message: error instanceof Error ? error.message : String(error) } };
  }
}

/** The run of other projects that have the same configuration. */
async function sharedRun(directory: string): Promise<JestRun | undefined> {
  const configuration = await configurationOf(directory);
  for (const [other, run] of Object.entries(readRuns())) {
    if ((await configurationOf(other)) === configuration) return run;
  }
  return undefined;
}

async function start(cwd: string, server: Begin['server']): Promise<TestRun> {
  // One that is started here would end with this process.
  const mayStart = (await ownServer(cwd)) === undefined || server?.url !== undefined;
  if (mayStart) return startRun({ cwd, ...server });
  if (server !== undefined) {
    throw new PgEvictError('CONFIG_INVALID', 'The configuration no longer names the server of the tests.', {
      hint: 'Start watch mode anew.',
    });
  }
  throw new PgEvictError(
    'CONFIG_INVALID',
    'No server is configured for tests, and the global setup that would start one did not run.',
    {
      hint: "Configure a connection; or let your own globalSetup and globalTeardown call those of '@pg-evict/jest/global-setup' and '@pg-evict/jest/global-teardown'.",
    },
  );
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
