import type { Session, TerminationReport } from '@pg-evict/core';
import { createColors } from 'picocolors';
import type { GlobalOptions } from '../options/global.js';
import { toJsonDenied, toJsonSession } from '../sessions/json.js';
import { fullLayout, shortLayout } from '../sessions/layout.js';
import { sessionTable } from '../sessions/table.js';
import { wantsColor } from '../terminal/color.js';
import { countSessions, formatDuration } from '../terminal/format.js';
import { toJsonText } from '../terminal/json.js';
import { printable } from '../terminal/printable.js';
import { remedyOf } from '../terminal/words.js';
import { shownName } from '../terminal/shown-name.js';
import { textWidth, withCommand, wrap } from '../terminal/wrap.js';

/**
 * Prints the terminated sessions, on stdout, and the others, on stderr: with `--quiet` only the latter, because they
 * are the reason for the exit code.
 */
export function printTermination(
  report: TerminationReport,
  options: GlobalOptions,
  { endThese, listsSessions }: { endThese: string | undefined; listsSessions: boolean },
): void {
  if (options.json === true) {
    process.stdout.write(toJsonText(toJson(report)));
    return;
  }
  if (options.quiet !== true) process.stdout.write(ended(report, options, listsSessions));
  if (report.dryRun && options.quiet !== true && endThese !== undefined)
    process.stdout.write(`${howToEnd(report, printable(endThese))}\n`);
  process.stderr.write(notEnded(report, options));
}

function toJson(report: TerminationReport): object {
  return {
    database: report.database,
    terminated: report.terminated.map(toJsonSession),
    ...(report.cancelled === undefined ? {} : { cancelled: report.cancelled.map(toJsonSession) }),
    denied: report.denied.map(toJsonDenied),
    remaining: report.remaining.map(toJsonSession),
    durationMs: report.durationMs,
    dryRun: report.dryRun,
  };
}

const found = ({ cancelled, terminated }: TerminationReport): readonly Session[] => cancelled ?? terminated;
const verb = ({ cancelled }: TerminationReport): string =>
  cancelled === undefined ? 'terminate' : 'cancel the query of';
const these = (report: TerminationReport): string => (found(report).length === 1 ? 'this one' : 'these');

/** More ids than this would fill the screen with a command. */
const mostIds = 20;

function howToEnd(report: TerminationReport, command: string): string {
  const told = `To ${verb(report)} exactly ${these(report)}`;
  const width = textWidth(process.stdout);
  if (width === undefined || found(report).length <= mostIds) return withCommand(`${told}:`, command, width);
  return wrap(`${told}, pass their ids to --pids. Add --json to this dry run to get the ids.`, width);
}

function ended(report: TerminationReport, options: GlobalOptions, listsSessions: boolean): string {
  const colors = createColors(wantsColor(process.stdout));
  const { cancelled, database, durationMs, dryRun } = report;
  const sessions = found(report);
  const name = colors.bold(shownName(database));
  const count = sessions.length === 0 ? 'no session' : countSessions(sessions.length);
  const past =
    cancelled === undefined ? colors.green('Terminated') : `${colors.green('Cancelled')} the query of`;
  const summary = dryRun
    ? `${colors.yellow(`Would ${verb(report)}`)} ${count} on ${name}. Nothing was changed.`
    : `${past} ${count} on ${name} ${colors.dim(`in ${formatDuration(durationMs)}`)}.`;
  const table =
    sessions.length === 0 || !listsSessions
      ? ''
      : `${sessionTable(sessions, colors, (dryRun ? fullLayout : shortLayout)(process.stdout, options))}\n`;
  return `${summary}\n${table}`;
}

function notEnded({ denied, remaining }: TerminationReport, options: GlobalOptions): string {
  const colors = createColors(wantsColor(process.stderr));
  const lines = denied.flatMap((each) => [
    `${colors.red('not terminated:')} ${each.session.pid}: ${printable(each.reason)}.`,
    `  ${colors.dim('fix:')} ${printable(remedyOf(each))}`,
  ]);
  if (remaining.length > 0) {
    lines.push(
      `${colors.red('still there:')} ${countSessions(remaining.length)} did not end in time.`,
      sessionTable(remaining, colors, fullLayout(process.stderr, options)),
    );
  }
  return lines.map((line) => `${line}\n`).join('');
}
