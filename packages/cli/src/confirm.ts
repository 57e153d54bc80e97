import { createInterface } from 'node:readline/promises';
import type { OperationReport } from '@pg-evict/core';
import { describeDatabase, PgEvictError } from './engine.js';
import { createColors } from 'picocolors';
import type { CommandContext } from './command-context.js';
import type { Perform } from './perform-operation.js';
import { preview } from './preview.js';
import { printable } from './printable.js';
import { startProgress } from './progress.js';
import { wantsColor } from './wants-color.js';

/**
 * Shows what would be lost and who would be disconnected, and asks. Without a terminal, or where it could not
 * succeed anyway, it does not ask but fails.
 *
 * @throws PgEvictError `REFUSED` without a terminal, or when the answer is no
 */
export async function confirm(context: CommandContext, perform: Perform): Promise<void> {
  const { deadline, options, source } = context;
  if (!process.stdin.isTTY || !process.stderr.isTTY) {
    throw new PgEvictError('REFUSED', 'This needs to be confirmed, and there is no terminal to ask on.', {
      database: context.target.database,
      hint: 'Add --yes to do it, or --dry-run to see what it would do.',
    });
  }
  const progress = startProgress(options);
  const [plan, description] = await Promise.allSettled([
    perform({ ...deadline, dryRun: true }),
    describeDatabase(context.target, deadline),
  ]);
  progress.stop();
  if (plan.status === 'rejected') throw plan.reason;
  if (description.status === 'rejected') throw description.reason;
  assertPossible(plan.value);
  if (!description.value.exists) return;

  const colors = createColors(wantsColor(process.stderr));
  process.stderr.write(`${preview(plan.value, description.value, source, colors)}\n`);
  const verb = plan.value.command === 'drop' ? 'Drop' : 'Recreate';
  const question = `${verb} ${colors.bold(`"${printable(plan.value.database)}"`)} and lose what is in it? [y/N] `;
  const answer = await ask(question, context);
  if (!/^y(?:es)?$/i.test(answer.trim())) {
    throw new PgEvictError('REFUSED', 'Not confirmed. Nothing was changed.', {
      database: plan.value.database,
    });
  }
}

/** Fails now with what would make the operation fail later. */
function assertPossible({ command, database, denied, blockers }: OperationReport): void {
  if (denied.length === 0 && blockers.length === 0) return;
  const failure = `Database "${database}" cannot be ${command === 'drop' ? 'dropped' : 'recreated'}`;
  throw new PgEvictError(
    denied.length > 0 ? 'SESSIONS_REMAIN' : 'BLOCKED',
    `${failure}: ${denied.length > 0 ? 'sessions may not be ended' : 'something stands in the way'}. Nothing was changed.`,
    { database, blockers },
  );
}

async function ask(question: string, { interrupts }: CommandContext): Promise<string> {
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  // While it reads a line, the terminal delivers Ctrl-C as a key and not as a signal.
  prompt.on('SIGINT', interrupts.interrupt);
  let answered = false;
  const endOfInput = new Promise<string>((resolve) => {
    prompt.once('close', () => {
      // The cursor still stands behind the question.
      if (!answered && !interrupts.signal.aborted) process.stderr.write('\n');
      resolve('');
    });
  });
  const answer = prompt.question(question, { signal: interrupts.signal }).then((line) => {
    answered = true;
    return line;
  });
  try {
    return await Promise.race([answer, endOfInput]);
  } catch (error) {
    if (!interrupts.signal.aborted) throw error;
    throw new PgEvictError('ABORTED', 'Aborted before it was confirmed. Nothing was changed.', {
      cause: error,
    });
  } finally {
    prompt.close();
  }
}
