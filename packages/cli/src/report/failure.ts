import type { PgEvictError } from '@pg-evict/core';
import { withoutHint } from '@pg-evict/core/internal/text';
import { createColors } from 'picocolors';
import { isPgEvictError, redactQuery } from '../context/engine.js';
import { commandLine } from '../options/command-line.js';
import type { GlobalOptions } from '../options/global.js';
import { toJsonBlocker, toJsonSession } from '../sessions/json.js';
import { exitCodeOf } from '../terminal/exit-code.js';
import { maskLogins, printable, printableLines, redactPasswords, shortened } from '../terminal/printable.js';
import { textWidth, wrap } from '../terminal/wrap.js';
import { failureDocument } from './failure-document.js';
import { hintOf, remedyOf } from '../terminal/words.js';

/** How a failure is printed. */
export interface FailureStyle {
  readonly json: boolean;
  readonly color: boolean;
  /** Whether to show where a bug is. */
  readonly verbose?: boolean;
  /** The origin of the connection, once it is known. */
  readonly source?: string | undefined;
  /** The options of the command that failed. */
  readonly options?: GlobalOptions;
}

/** Prints a failure and sets the exit code. */
export function reportFailure(error: unknown, style: FailureStyle): void {
  if (!isPgEvictError(error)) {
    reportBug(error, style);
    return;
  }
  const { blockers, code, database, leftovers, removed, terminated } = error;
  process.exitCode = exitCodeOf(code);
  // knex's messages begin with the statement that failed, others repeat their input.
  const masked = (text: string): string => maskLogins(redactQuery(text));
  const summary = shortened(masked(withoutHint(error)));
  const { options = {} } = style;
  const worded = hintOf(error, {
    repair: commandLine('doctor --fix', undefined, options),
    unprotect: (name) => commandLine('unprotect', name, options),
  });
  const safeHint = worded === null ? null : masked(worded);
  if (style.json) {
    process.stdout.write(
      failureDocument({
        code,
        summary,
        hint: safeHint,
        // A URL may have been given for a name.
        database: database === null ? null : masked(database),
        blockers: blockers.map(toJsonBlocker),
        terminated: terminated.map(toJsonSession),
        removed: removed.map(toJsonBlocker),
        leftovers,
      }),
    );
  } else process.stderr.write(toText(error, summary, safeHint, style));
}

function toText(
  { blockers, code, removed, terminated }: PgEvictError,
  summary: string,
  safeHint: string | null,
  style: FailureStyle,
): string {
  const { bold, dim, red, yellow } = createColors(style.color);
  const width = textWidth(process.stderr);
  const lines = [wrap(`${red(bold('error:'))} ${printableLines(summary)}`, width)];
  for (const blocker of blockers) {
    const { detail } = blocker;
    const remedy = remedyOf(blocker);
    if (!summary.includes(detail)) lines.push(wrap(`  - ${printable(detail)}`, width, { indent: '    ' }));
    if (remedy !== safeHint) lines.push(`    ${dim('fix:')} ${printable(remedy)}`);
  }
  if (safeHint !== null) lines.push(toHint(`${yellow('hint:')} ${printableLines(safeHint)}`, width));
  if (terminated.length > 0) {
    const pids = terminated.map(({ pid }) => pid).join(', ');
    lines.push(wrap(`note: terminated before that: ${pids} (${terminated.length}).`, width));
  }
  for (const { detail } of removed)
    lines.push(wrap(`note: removed before that: ${printable(detail)}`, width));
  if (code === 'CONNECTION_FAILED' && style.source !== undefined) {
    lines.push(wrap(`note: the connection is from ${printable(style.source)}.`, width));
  }
  return `${lines.join('\n')}\n`;
}

/** A command at the end of a hint is meant to be copied: it stands on a line of its own, and is not wrapped. */
function toHint(hint: string, width: number | undefined): string {
  const [, prose = hint, command] = /^(.*:) (pg-evict [a-z-]+(?: [^\n]*)?)$/s.exec(hint) ?? [];
  const isCommand = command !== undefined && width !== undefined;
  return isCommand ? `${wrap(prose, width)}\n  ${command}` : wrap(hint, width);
}

/** An internal error: printed in one line, with the stack only on request. */
function reportBug(error: unknown, { json, verbose }: FailureStyle): void {
  process.exitCode = exitCodeOf('UNEXPECTED');
  const summary = shortened(redactPasswords(error instanceof Error ? error.message : String(error)));
  const hint = 'This is a bug in pg-evict. Please report it; --verbose shows where it happened.';
  if (json) process.stdout.write(failureDocument({ code: 'UNEXPECTED', summary, hint }));
  else process.stderr.write(`error: ${printableLines(summary)}\n${hint}\n`);
  if (verbose === true && error instanceof Error) {
    process.stderr.write(`${printableLines(redactPasswords(error.stack ?? ''))}\n`);
  }
}
