import type { PgEvictError } from '@pg-evict/core';
import { isPgEvictError } from './engine.js';
import { createColors } from 'picocolors';
import { exitCodeOf } from './exit-code.js';
import { failureDocument } from './failure-document.js';
import { printable, printableLines } from './printable.js';
import { redactPasswords } from './redact-passwords.js';
import { redactQuery } from './redact-query.js';

/** How a failure is printed. */
export interface FailureStyle {
  readonly json: boolean;
  readonly color: boolean;
  /** Where the connection came from, once that is known. */
  readonly source?: string | undefined;
}

/** Prints a failure and sets the exit code. */
export function reportFailure(error: unknown, style: FailureStyle): void {
  if (!isPgEvictError(error)) {
    reportBug(error, style);
    return;
  }
  process.exitCode = exitCodeOf(error.code);
  if (style.json) process.stdout.write(failureDocument(error));
  else process.stderr.write(toText(error, style));
}

function toText(error: PgEvictError, style: FailureStyle): string {
  const { bold, dim, red, yellow } = createColors(style.color);
  const { hint, message } = error;
  const summary =
    hint !== null && message.endsWith(hint) ? message.slice(0, -hint.length).trimEnd() : message;
  const lines = [`${red(bold('error:'))} ${printableLines(redactQuery(summary))}`];
  for (const { detail, remedy } of error.blockers) {
    if (!summary.includes(detail)) lines.push(`  - ${printable(detail)}`);
    if (remedy !== hint) lines.push(`    ${dim('fix:')} ${printable(remedy)}`);
  }
  if (hint !== null) lines.push(`${yellow('hint:')} ${printableLines(hint)}`);
  if (error.terminated.length > 0) {
    const pids = error.terminated.map(({ pid }) => pid).join(', ');
    lines.push(`note: ended before that: ${pids} (${error.terminated.length}).`);
  }
  for (const { detail } of error.removed) lines.push(`note: removed before that: ${printable(detail)}`);
  if (error.code === 'CONNECTION_FAILED' && style.source !== undefined) {
    lines.push(`note: the connection is from ${printable(style.source)}.`);
  }
  return `${lines.join('\n')}\n`;
}

/** What should never happen: said in one line, with the stack only for those who ask for it. */
function reportBug(error: unknown, { json }: FailureStyle): void {
  process.exitCode = exitCodeOf('UNEXPECTED');
  const summary = redactPasswords(error instanceof Error ? error.message : String(error));
  const hint = 'This is a bug in pg-evict. Please report it; DEBUG=pg-evict shows where it happened.';
  if (json) {
    process.stdout.write(failureDocument({ code: 'UNEXPECTED', message: `${summary} ${hint}`, hint }));
  } else {
    process.stderr.write(`error: ${printableLines(summary)}\n${hint}\n`);
  }
  if (process.env['DEBUG'] === 'pg-evict' && error instanceof Error) {
    process.stderr.write(`${printableLines(redactPasswords(error.stack ?? ''))}\n`);
  }
}
