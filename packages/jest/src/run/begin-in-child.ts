import { spawn, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { PgEvictError } from '@pg-evict/core';
import { joinRun, type RunInvitation, type StartRunOptions, type TestRun } from '@pg-evict/testing';
import { packageDirectory } from '../package-directory.cjs';

/** The request to this program, as JSON. */
export interface Begin {
  /** Of the project. */
  readonly directory: string;
  /** The address of the server, if the configuration does not contain it. */
  readonly server: StartRunOptions;
}

/** Its answer, as JSON. */
export interface Begun {
  readonly run?: RunInvitation;
  readonly error?: { readonly code: PgEvictError['code']; readonly message: string };
}

/** The program that begins a run. */
const beginElsewhere = join(packageDirectory, 'begin-elsewhere.js');

/** The project's output is for people; the answer has a pipe of its own, the last. */
const stdio = ['pipe', 2, 2, 'pipe'] satisfies StdioOptions;

/** The answer. @throws {@link PgEvictError} the error of the start of the run */
function invitationIn(answer: string, status: number | null): RunInvitation {
  const { run, error } = JSON.parse(answer || '{}') as Begun;
  if (run !== undefined) return run;
  const { code = 'UNEXPECTED', message = `The process that begins the run ended (${status}).` } = error ?? {};
  throw new PgEvictError(code, message);
}

/**
 * Begins a run with the current files of the project. Node loads a module once per process, so a new process is needed
 * to load the configuration, the migrations and their imports as they were just saved. Otherwise the template would be
 * named after the new files, and hold the result of the old ones.
 *
 * @throws {@link PgEvictError} the errors of `startRun`
 */
export async function beginAfresh(begin: Begin): Promise<TestRun> {
  const child = spawn(process.execPath, [beginElsewhere, JSON.stringify(begin)], { stdio });
  const ended = once(child, 'exit');
  try {
    const answer = await text(child.stdio[3] as Readable);
    // Without one it has ended by itself.
    if (answer === '') await ended;
    const { directory: cwd, server } = begin;
    const started = { cwd, ...server };
    return await joinRun(invitationIn(answer, child.exitCode), { takeOver: true, started });
  } finally {
    child.stdin?.end();
    await ended;
  }
}
