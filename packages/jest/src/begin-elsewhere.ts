import { closeSync, writeSync } from 'node:fs';
import { isPgEvictError, PgEvictError } from '@pg-evict/core';
import { startRun, type RunInvitation, type StartRunOptions, type TestRun } from '@pg-evict/testing';
import { ownServer } from './own-server.js';

/** What this program is asked, as JSON. */
export interface Begin {
  /** Of the project. */
  readonly directory: string;
  /** Where the server is, if the configuration does not say it. */
  readonly server?: StartRunOptions | undefined;
}

/** What it answers, as JSON. */
export interface Begun {
  readonly run?: RunInvitation;
  readonly error?: { readonly code: PgEvictError['code']; readonly message: string };
}

/** The descriptor of the answer: standard output is that of what the project loads. */
const answer = 3;

/** Begins a run and hands it on; whoever asked for it joins it. Until standard input ends, the run lives. */
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

process.stdin.resume();
void handOn();
