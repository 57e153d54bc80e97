import { closeSync, writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { resolveTarget } from '@pg-evict/config';
import { isPgEvictError, PgEvictError } from '@pg-evict/core';
import { ownServer } from '../server/own-server.js';
import { otherTemplate } from '../template/other-template.js';
import { type Answer, answerDescriptor, type Asks } from './begin-elsewhere.js';
import { endRun } from './end-run.js';
import { joinRun } from './join-run.js';
import { startRun } from './start-run.js';

/**
 * Answers the process that has started this one: begins a run for it, or makes another template of its run. What was
 * made is held until standard input ends. If it ends before the answer, or has a second line, the work is given up, and
 * nothing is left.
 */
export async function beginForOthers(): Promise<void> {
  // Ctrl-C reaches this process, too; standard input tells when it is over.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
  const giveUp = new AbortController();
  const input = createInterface({ input: process.stdin });
  const ended = new Promise<void>((resolve) => input.once('close', resolve));
  const asked = new Promise<string>((resolve) => input.once('line', resolve));
  const line = await Promise.race([asked, ended]);
  if (line === undefined) return;
  input.once('line', () => giveUp.abort());
  void ended.then(() => giveUp.abort());
  const answer = await answerTo(JSON.parse(line) as Asks, giveUp.signal);
  writeSync(answerDescriptor, JSON.stringify(answer));
  closeSync(answerDescriptor);
  await ended;
}

async function answerTo(asks: Asks, signal: AbortSignal): Promise<Answer> {
  try {
    await assertSameServer(asks);
    return await (asks.of === undefined ? begin(asks, signal) : makeTemplate(asks, asks.of));
  } catch (error) {
    const code = isPgEvictError(error) ? error.code : 'UNEXPECTED';
    return { error: { code, message: error instanceof Error ? error.message : String(error) } };
  }
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
): Promise<Answer> {
  const { id: runId, control, server } = await joinRun(invitation);
  const configuration = await resolveTarget({ cwd, url });
  const testing = { ...configuration.config.testing, ...given };
  const where = { testing, configuration, cwd, runId };
  return { template: await otherTemplate(control, server, where, template) };
}
