import { type ChildProcess, spawn } from 'node:child_process';
import {
  closeSync,
  existsSync,
  lstatSync,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { PgEvictError } from '@pg-evict/core';
import { now } from '../captured/clock.js';
import { tell } from '../captured/streams.js';
import { unwatched } from '../leaks/watch-sockets.js';
import { packageDirectory } from '../package-directory.cjs';
import {
  allPlaces,
  answerIn,
  type DetachedAnswer,
  type DetachedHost,
  pidIn,
  placeOf,
} from '../wire/detached.js';
import { setHostVariable } from '../wire/host-variable.js';
import { livingRunner } from '../wire/living-runner.js';
import { lives } from '../wire/process-lives.js';

/** How long a run may take to begin: a template may be built. */
const beginMs = 300_000;

/** How often a process that waits for it checks. */
const lookEveryMs = 10;

/** After this many looks, checks whether an answer can still be expected. */
const looksUntilAlive = 25;

const outputIn = (place: string): string => join(place, 'output');

/** Options of {@link startDetachedHost}. */
export interface DetachedHostOptions {
  /** The project's folder, where its configuration is looked for. */
  readonly directory: string;
  /** The pid of the test runner: the host ends its run when that process is gone. */
  readonly runner: number;
  /**
   * The reason, for a message, why the process that begins the run is not its host; without it no message is printed.
   */
  readonly reason?: string | undefined;
  /**
   * The program to start.
   * @default the one of this package
   */
  readonly program?: string | undefined;
}

/**
 * Begins a run whose host is a process of its own, if the process that began the tests cannot be the host, and passes
 * its address to this process and those that it starts. All processes of one runner that call it share the host. Waits
 * without returning to the event loop, because some runners have to know their variables at once.
 *
 * @throws {@link PgEvictError} the errors of `startRun`; `UNEXPECTED` if the process has ended without an answer;
 * `TIMEOUT`
 */
export function startDetachedHost({
  directory,
  runner: expected,
  reason,
  program = join(packageDirectory, 'host-program.js'),
}: DetachedHostOptions): void {
  const runner = livingRunner(expected);
  const endsAt = now() + beginMs;
  let hostsBefore = 0;
  let place = placeOf(directory, runner, hostsBefore);
  let child: ChildProcess | undefined;
  for (let turn = 0; now() < endsAt; turn += 1) {
    if (take(place)) {
      child = start({ directory, runner, place }, program);
      if (reason !== undefined) tell(`pg-evict: ${reason}`);
    }
    const answer = answerAt(place);
    if (answer !== undefined && runs(answer.pid))
      return follow(answer, child === undefined ? undefined : place);
    const isAsking = turn % looksUntilAlive === 0;
    if (answer === undefined && !(isAsking && isDead(place))) sleep();
    else if (child !== undefined) throw endedEarly(place);
    else {
      hostsBefore += 1;
      place = placeOf(directory, runner, hostsBefore);
      turn = -1;
    }
  }
  throw new PgEvictError('TIMEOUT', `The run of tests has not begun within ${beginMs / 1000} s.`, {
    hint: `If no process is starting one, remove ${place}.`,
  });
}

/** Starts the host, and writes its pid into the place. */
function start(about: DetachedHost, program: string): ChildProcess {
  const { place } = about;
  // Our standard error may be a pipe to the runner, which would wait for its end.
  const output = openSync(outputIn(place), 'w', 0o600);
  // In a process group of its own: Ctrl-C ends the runner, and then the host cleans up.
  const child = unwatched(() =>
    spawn(process.execPath, [program, JSON.stringify(about)], {
      detached: true,
      stdio: ['ignore', output, output],
      env: { ...process.env, NODE_OPTIONS: '', NODE_TEST_CONTEXT: undefined },
    }),
  );
  child.unref();
  closeSync(output);
  if (child.pid !== undefined) writePid(place, child.pid);
  return child;
}

/** Read by others at any moment. */
function writePid(place: string, pid: number): void {
  writeFileSync(`${pidIn(place)}.new`, String(pid), { mode: 0o600 });
  renameSync(`${pidIn(place)}.new`, pidIn(place));
}

/** Whether the process has ended that was to answer there. */
function isDead(place: string): boolean {
  const pid = pidAt(place);
  return pid !== undefined && !runs(pid);
}

function pidAt(place: string): number | undefined {
  try {
    return Number(readFileSync(pidIn(place), 'utf8'));
  } catch {
    return undefined;
  }
}

const runs = (pid: number): boolean => unwatched(() => lives(pid));

/** The host that this process has started has ended without an answer: another one would do the same. */
function endedEarly(place: string): PgEvictError {
  const said = outputAt(place);
  return new PgEvictError('UNEXPECTED', 'The host of the run has ended before the run had begun.', {
    hint: said === '' ? 'It said nothing: was it killed?' : `It said: ${said}`,
  });
}

/** Whether the place is now this process's to fill, with its pid. It must not have been made by another user. */
function take(place: string): boolean {
  if (!existsSync(place)) {
    const made = mkdtempSync(`${place}-`);
    writePid(made, process.pid);
    try {
      // Fails if another one is there, because that is not empty.
      renameSync(made, place);
      removeOthers();
      return true;
    } catch {
      rmSync(made, { recursive: true, force: true });
    }
  }
  const found = lstatSync(place, { throwIfNoEntry: false });
  const own = process.getuid?.();
  if (found !== undefined && (!found.isDirectory() || (own !== undefined && found.uid !== own))) {
    throw new PgEvictError('REFUSED', `${place} belongs to another user, so no test run was begun.`, {
      hint: 'Remove it, or set TMPDIR to a folder of your own.',
    });
  }
  return false;
}

/** Removes what is left of runs whose runner and host are both gone: killed, or ended by the machine. */
function removeOthers(): void {
  for (const { place, runner } of allPlaces()) {
    if (runs(runner) || !(pidAt(place) === undefined || isDead(place))) continue;
    try {
      rmSync(place, { recursive: true, force: true });
    } catch {
      // Somebody else does the same.
    }
  }
}

function answerAt(place: string): DetachedAnswer | undefined {
  try {
    return JSON.parse(readFileSync(answerIn(place), 'utf8')) as DetachedAnswer;
  } catch {
    return undefined;
  }
}

/** Output of the project while its run began is for people. */
const outputAt = (place: string): string => readFileSync(outputIn(place), 'utf8').trimEnd();

/**
 * Belongs to the run from here on. @param place the folder of the process that has begun it @throws the error of its
 * start
 */
function follow({ address = '', error }: DetachedAnswer, place: string | undefined): void {
  const output = place === undefined ? '' : outputAt(place);
  if (output !== '') tell(output);
  if (error !== undefined) throw new PgEvictError(error.code, error.message);
  setHostVariable(process.env, address);
}

function sleep(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, lookEveryMs);
}
