import type { LeakedSession } from './inspect-leaks.js';

/**
 * The error that a test runner shows for leaked sessions. Its stack trace leads to the lines that opened the first of
 * them, not to the code that found it.
 *
 * @param text the text of `describeLeaks`
 * @param noFrame stands in the stack trace if no line is known
 */
export function leakError(text: string, leaks: readonly LeakedSession[], noFrame?: string): Error {
  const error = new Error(text);
  const lines = leaks.find(({ socket }) => socket !== null)?.socket?.lines ?? [];
  const frames = lines.map(
    ({ name, file, line, column }) => `    at ${name ?? '<anonymous>'} (${file}:${line}:${column})`,
  );
  const none = noFrame === undefined ? [] : [noFrame];
  error.stack = [text, ...(frames.length === 0 ? none : frames)].join('\n');
  return error;
}
