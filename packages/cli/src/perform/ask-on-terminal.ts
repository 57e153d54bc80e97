import { createInterface } from 'node:readline/promises';
import type { CommandContext } from '../context/command-context.js';
import { PgEvictError } from '../context/engine.js';

/**
 * Asks for a line on the terminal; the end of input is an empty one.
 *
 * @throws PgEvictError `ABORTED` on Ctrl-C
 */
export async function askOnTerminal(question: string, { interrupts }: CommandContext): Promise<string> {
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  // While it reads a line, the terminal delivers Ctrl-C as a key and not as a signal.
  prompt.on('SIGINT', interrupts.interrupt);
  let answered = false;
  const endOfInput = new Promise<string>((resolve) => {
    prompt.once('close', () => {
      // The cursor is still after the question.
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
