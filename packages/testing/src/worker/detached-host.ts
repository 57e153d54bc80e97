import { spawn } from 'node:child_process';
import { closeSync, lstatSync, mkdirSync, openSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { PgEvictError } from '@pg-evict/core';
import { now } from '../captured/clock.js';
import { tell } from '../captured/streams.js';
import { unwatched } from '../leaks/watch-sockets.js';
import { packageDirectory } from '../package-directory.cjs';
import { answerIn, type DetachedAnswer, type DetachedHost, placeOf } from '../wire/detached.js';
import { setHostVariable } from '../wire/host-variable.js';

/** How long a run may take to begin: a template may be built. */
const beginMs = 300_000;

/** How often somebody looks who waits for it. */
const lookEveryMs = 10;

const outputIn = (place: string): string => join(place, 'output');

/** Options of {@link startDetachedHost}. */
export interface DetachedHostOptions {
  /** The project's folder, where its configuration is looked for. */
  readonly directory: string;
  /** The pid of the test runner: the host ends its run when that process is gone. */
  readonly runner: number;
  /**
   * Why the process that begins the run is not its host, as in a message; without it nothing is said.
   */
  readonly reason?: string | undefined;
  /**
   * The program to start.
   * @default the one of this package
   */
  readonly program?: string | undefined;
}

/**
 * Begins a run whose host is a process of its own, where the process that began the tests cannot be it, and hands its
 * address to this process and those that it starts. All processes of one runner that call it share the host. Waits
 * without returning to the event loop, as some runners have to know their variables at once.
 *
 * @throws {@link PgEvictError} what `startRun` throws; `TIMEOUT`
 */
export function startDetachedHost({
  directory,
  runner,
  reason,
  program = join(packageDirectory, 'host-program.js'),
}: DetachedHostOptions): void {
  const place = placeOf(directory, runner);
  const endsAt = now() + beginMs;
  let isMine = false;
  while (now() < endsAt) {
    if (take(place)) {
      const about: DetachedHost = { directory, runner, place };
      isMine = true;
      // Our standard error may be a pipe to the runner, which would wait for its end.
      const output = openSync(outputIn(place), 'w', 0o600);
      // Of its own group: Ctrl-C ends the runner, and then it clears up.
      const child = unwatched(() =>
        spawn(process.execPath, [program, JSON.stringify(about)], {
          detached: true,
          stdio: ['ignore', output, output],
          env: { ...process.env, NODE_OPTIONS: '', NODE_TEST_CONTEXT: undefined },
        }),
      );
      child.unref();
      closeSync(output);
      if (reason !== undefined) tell(`pg-evict: ${reason}`);
    }
    const answer = answerAt(place);
    if (answer === undefined) sleep();
    else if (!lives(answer.pid)) rmSync(place, { recursive: true, force: true });
    else return follow(answer, isMine ? place : undefined);
  }
  throw new PgEvictError('TIMEOUT', `The run of tests has not begun within ${beginMs / 1000} s.`, {
    hint: `Should no process be beginning one, remove ${place}.`,
  });
}

/** Whether the place is now this process's to fill. Nobody else may have made it. */
function take(place: string): boolean {
  try {
    mkdirSync(place, { mode: 0o700 });
    return true;
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'EEXIST') throw error;
  }
  const found = lstatSync(place, { throwIfNoEntry: false });
  const own = process.getuid?.();
  if (found !== undefined && (!found.isDirectory() || (own !== undefined && found.uid !== own))) {
    throw new PgEvictError('REFUSED', `${place} belongs to somebody else, so no run of tests was begun.`, {
      hint: 'Remove it, or set TMPDIR to a folder of your own.',
    });
  }
  return false;
}

function answerAt(place: string): DetachedAnswer | undefined {
  try {
    return JSON.parse(readFileSync(answerIn(place), 'utf8')) as DetachedAnswer;
  } catch {
    return undefined;
  }
}

/** What the project has said while its run began is for people. */
function sayOutput(place: string): void {
  const output = readFileSync(outputIn(place), 'utf8').trimEnd();
  if (output !== '') tell(output);
}

/** Belongs to the run from here on. @param place of who has begun it @throws what it failed with */
function follow({ address = '', error }: DetachedAnswer, place: string | undefined): void {
  if (place !== undefined) sayOutput(place);
  if (error !== undefined) throw new PgEvictError(error.code, error.message);
  setHostVariable(process.env, address);
}

function lives(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as { code?: unknown }).code === 'EPERM';
  }
}

function sleep(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, lookEveryMs);
}
