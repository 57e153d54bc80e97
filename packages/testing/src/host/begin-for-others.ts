import { once } from 'node:events';
import { closeSync, writeSync } from 'node:fs';
import type { Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { resolveTestTarget } from '@pg-evict/config/internal';
import { isPgEvictError, PgEvictError } from '@pg-evict/core';
import { ownServer } from '../server/own-server.js';
import { otherTemplate } from '../template/other-template.js';
import { onLines } from '../wire/lines.js';
import { type Answer, answerDescriptor, type Asks, giveUpMessage } from './begin-elsewhere.js';
import { endRun } from '../run/end-run.js';
import { joinRun } from '../run/join-run.js';
import { startRun } from '../run/start-run.js';

/** How long a process without its parent may take to end a filling, and to drop what was made. */
const leavingMs = 20_000;

/**
 * Answers the process that has started this one: begins a run for it, or makes another template of its run. What was
 * made is held until standard input ends. If it ends before the answer, or says so, the work is given up, and
 * nothing is left. The caller then ends this process, which the project's own code may hold.
 */
export async function beginForOthers(): Promise<void> {
  // Ctrl-C reaches this process, too; standard input tells when it is over.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
  const giveUp = new AbortController();
  // A pipe.
  const input: Socket = process.stdin.on('error', () => undefined);
  const ended = new Promise<void>((resolve) => input.once('close', resolve));
  const asked = new Promise<Asks>((resolve) => {
    onLines(input, (message) => {
      if (message === giveUpMessage) giveUp.abort();
      else resolve(message as Asks);
    });
  });
  const asks = await Promise.race([asked, ended]);
  if (asks === undefined) return;
  const leave = async (): Promise<undefined> => {
    await ended;
    giveUp.abort();
    return pause(leavingMs, undefined);
  };
  const answer = await Promise.race([answerTo(asks, giveUp.signal), leave()]);
  if (answer === undefined) return;
  writeSync(answerDescriptor, JSON.stringify(answer));
  closeSync(answerDescriptor);
  await ended;
}

async function answerTo(asks: Asks, signal: AbortSignal): Promise<Answer> {
  try {
    // A configuration may wait for ever; until it is loaded, there is nothing to end.
    await Promise.race([assertSameServer(asks), untilAborted(signal)]);
    if (signal.aborted) throw new PgEvictError('ABORTED', 'Aborted. Nothing was begun.');
    return await (asks.of === undefined ? begin(asks, signal) : makeTemplate(asks, asks.of, signal));
  } catch (error) {
    const code = isPgEvictError(error) ? error.code : 'UNEXPECTED';
    return { error: { code, message: error instanceof Error ? error.message : String(error) } };
  }
}

async function untilAborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort');
}

/** A server that is started here would end with this process. */
async function assertSameServer({ directory, server }: Asks): Promise<void> {
  if ((await ownServer(directory)) === undefined || server.url !== undefined) return;
  throw new PgEvictError('CONFIG_INVALID', 'The configuration no longer names the server of the tests.', {
    hint: 'End watch mode and start it again.',
  });
}

async function begin({ directory, server }: Asks, signal: AbortSignal): Promise<Answer> {
  const run = await startRun({ cwd: directory, ...server, signal });
  if (!signal.aborted) return { run: run.toJSON() };
  await endRun(run, { force: true });
  throw new PgEvictError('ABORTED', 'Aborted. The run was ended as soon as it had begun.');
}

async function makeTemplate(
  { directory: cwd, server: { url, testing: given } }: Asks,
  { run: invitation, template }: NonNullable<Asks['of']>,
  signal: AbortSignal,
): Promise<Answer> {
  const { id: runId, control, server } = await joinRun(invitation);
  const configuration = await resolveTestTarget({ cwd, url, template: given?.template });
  const testing = { ...configuration.config.testing, ...given };
  const where = { testing, configuration, cwd, runId };
  return { template: await otherTemplate(control, server, where, template, signal) };
}
