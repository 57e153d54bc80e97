import { spawn, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { PgEvictError } from '@pg-evict/core';
import { joinRun, type RunInvitation, type StartRunOptions, type TestRun } from '@pg-evict/testing';
import { packageDirectory } from '../package-directory.cjs';

/** What this program is asked, as JSON. */
export interface Begin {
  /** Of the project. */
  readonly directory: string;
  /** Where the server is, if the configuration does not say it. */
  readonly server: StartRunOptions;
}

/** What it answers, as JSON. */
export interface Begun {
  readonly run?: RunInvitation;
  readonly error?: { readonly code: PgEvictError['code']; readonly message: string };
}

/** The program that begins a run. */
const beginElsewhere = join(packageDirectory, 'begin-elsewhere.js');

/** What the project writes is for people; the answer has a pipe of its own, the last. */
const stdio = ['pipe', 2, 2, 'pipe'] satisfies StdioOptions;

/** What it has answered. @throws {@link PgEvictError} what the start of the run failed with */
function invitationIn(answer: string, status: number | null): RunInvitation {
  const { run, error } = JSON.parse(answer || '{}') as Begun;
  if (run !== undefined) return run;
  const { code = 'UNEXPECTED', message = `The process that begins the run ended (${status}).` } = error ?? {};
  throw new PgEvictError(code, message);
}

/**
 * Begins a run with what the files of the project say now. Node loads a module once a process: in another one a
 * configuration, a migration or whatever these load is that which was just saved. The template would else be named for
 * the new files, and hold what the old ones made.
 *
 * @throws {@link PgEvictError} what `startRun` throws
 */
export async function beginAfresh(begin: Begin): Promise<TestRun> {
  const child = spawn(process.execPath, [beginElsewhere, JSON.stringify(begin)], { stdio });
  const ended = once(child, 'exit');
  try {
    const answer = await text(child.stdio[3] as Readable);
    // Without one it has ended by itself.
    if (answer === '') await ended;
    return await joinRun(invitationIn(answer, child.exitCode), { takeOver: true });
  } finally {
    child.stdin?.end();
    await ended;
  }
}
