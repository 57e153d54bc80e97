import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { PgEvictError } from '@pg-evict/core';
import { spawn } from '../captured/processes.js';
import type { RunInvitation, TestRun } from '../database/test-run.js';
import type { Template } from '../template/template.js';
import { ownArguments } from '../fill/own-arguments.js';
import { toLine } from '../wire/lines.js';
import { joinRunWith } from '../run/join-run.js';
import type { StartRunOptions } from '../run/start-run.js';

/** The project of a run, and its server. */
export interface RunElsewhere {
  /** Of the project. */
  readonly directory: string;
  /** The address of the server, if the configuration does not contain it. */
  readonly server: Pick<StartRunOptions, 'url' | 'testing'>;
}

/** The request to the program, the first line of its standard input. */
export interface Asks extends RunElsewhere {
  /** A run, and the name of another template that is to be made for it; without it, a run is begun. */
  readonly of?: { readonly run: RunInvitation; readonly template: string | undefined } | undefined;
}

/** Its answer, as JSON. */
export type Answer =
  | { readonly run: RunInvitation }
  | { readonly template: Template }
  | { readonly error: { readonly code: PgEvictError['code']; readonly message: string } };

/** The second line makes it give up. */
export const giveUpMessage = 'give up';

/** The descriptor of the answer: the project's own output goes to standard error. */
export const answerDescriptor = 3;

/**
 * Begins a run with the current files of the project, for watch mode. Node loads a module once per process, so a new
 * process is needed to load the configuration, the migrations and their imports as they were just saved. Otherwise the
 * template would be named after the new files, and hold the result of the old ones.
 *
 * @param program calls `beginForOthers()`
 * @param signal ends the filling of a template
 * @throws {@link PgEvictError} the errors of {@link startRun}
 */
export async function beginElsewhere(
  program: string,
  where: RunElsewhere,
  signal?: AbortSignal,
): Promise<TestRun> {
  return ask(program, where, signal, async (answer) => {
    const { run: invitation } = answer as { run: RunInvitation };
    const run: TestRun = await joinRunWith(invitation, {
      takeOver: true,
      ensureTemplate: async (name) => {
        const of = { run: run.toJSON(), template: name };
        return ask(program, { ...where, of }, undefined, async (made) => {
          const { template } = made as { template: Template };
          await run.control.hold({ kind: 'template', of: template.hash, shared: true });
          return template;
        });
      },
    });
    return run;
  });
}

/** Has a new process answer; it holds what it has made until `take` has taken it over. */
async function ask<Taken>(
  program: string,
  asks: Asks,
  signal: AbortSignal | undefined,
  take: (answer: Answer) => Promise<Taken>,
): Promise<Taken> {
  const child = spawn(process.execPath, [...ownArguments(), program], { stdio: ['pipe', 2, 2, 'pipe'] });
  const ended = once(child, 'exit');
  const stdin = child.stdin as Writable;
  // It may have ended by itself.
  stdin.on('error', () => undefined);
  const giveUp = (): void => void stdin.write(`${JSON.stringify(giveUpMessage)}\n`);
  try {
    stdin.write(toLine(asks));
    signal?.addEventListener('abort', giveUp, { once: true });
    if (signal?.aborted === true) giveUp();
    const answer = await text(child.stdio[answerDescriptor] as Readable);
    if (answer === '') throw endedEarly(await ended);
    return await take(succeeded(JSON.parse(answer) as Answer));
  } finally {
    signal?.removeEventListener('abort', giveUp);
    stdin.end();
    await ended;
  }
}

function succeeded(answer: Answer): Answer {
  if ('error' in answer) throw new PgEvictError(answer.error.code, answer.error.message);
  return answer;
}

function endedEarly([code, signal]: unknown[]): PgEvictError {
  return new PgEvictError(
    'UNEXPECTED',
    `The process that begins the run ended (${String(signal ?? code)}).`,
    {
      hint: 'The configuration or one of its imports may have ended it: they must not call process.exit().',
    },
  );
}
