import { createColors } from 'picocolors';
import type { Colors } from 'picocolors/types.js';
import { commandLine } from '../options/command-line.js';
import type { GlobalOptions } from '../options/global.js';
import { toJsonBlocker, toJsonDenied, toJsonSession } from '../sessions/json.js';
import { fullLayout, shortLayout } from '../sessions/layout.js';
import { sessionTable } from '../sessions/table.js';
import { wantsColor } from '../terminal/color.js';
import { countSessions, countTables, formatDuration, formatSize, formatTime } from '../terminal/format.js';
import { toJsonText } from '../terminal/json.js';
import { printable } from '../terminal/printable.js';
import { remedyOf } from '../terminal/words.js';
import { textWidth, withCommand, wrap } from '../terminal/wrap.js';
import { poolerHint } from './pooled-sessions.js';
import { standbyLines } from './standbys.js';
import {
  asItWas,
  countMigrations,
  keptDetails,
  lostDetails,
  type PerformedReport,
  type RestoredDump,
} from './performed.js';
import { shownName } from '../terminal/shown-name.js';
import { warnOfLeftovers, warnOfNotCarriedOver, warnOfPoolers, warnOfSkipped } from './warnings.js';

/**
 * Prints the result of an operation: the report on stdout, warnings on stderr.
 *
 * @param listsSessions whether to list the terminated sessions; they may have been listed before the question
 */
export function printOperation(
  report: PerformedReport,
  options: GlobalOptions,
  { listsSessions = true }: { listsSessions?: boolean } = {},
): void {
  if (options.json === true) {
    process.stdout.write(toJsonText(toJsonOperation(report)));
    return;
  }
  if (options.quiet === true) return;
  process.stdout.write(toText(report, options, listsSessions));
  warnOfNotCarriedOver(report);
  warnOfSkipped(report);
  warnOfLeftovers(report);
  warnOfPoolers(report);
}

/** An operation's report as part of the one JSON document. */
export function toJsonOperation({ to, ...report }: PerformedReport): object {
  return {
    command: report.command,
    database: report.database,
    ...(to === undefined ? {} : { to }),
    ...(report.migrations === undefined ? {} : { migrations: report.migrations, seeds: report.seeds }),
    ...(report.ran === undefined ? {} : { ran: report.ran }),
    ...(report.restored === undefined
      ? {}
      : {
          restored: toJsonDump(report.restored),
          bytes: report.bytes,
          skipped: report.skipped,
          old: report.keptAs ?? null,
        }),
    ...(report.created === undefined ? {} : { created: report.created }),
    ...(report.keptDropped === undefined ? {} : { keptDropped: report.keptDropped }),
    ...(report.undone === undefined ? {} : { from: report.from, restored: report.undone }),
    changed: report.changed,
    terminated: report.terminated.map(toJsonSession),
    drained: report.drained.map(toJsonSession),
    cut: report.cut.map(toJsonSession),
    denied: report.denied.map(toJsonDenied),
    blockers: report.blockers.map(toJsonBlocker),
    removed: report.removed.map(toJsonBlocker),
    notCarriedOver: report.notCarriedOver,
    leftovers: report.leftovers,
    standbys: report.standbys,
    poolers: report.poolers,
    kept: report.kept,
    notKept: report.notKept,
    durationMs: report.durationMs,
    dryRun: report.dryRun,
  };
}

function toJsonDump({ dump, format, tables }: RestoredDump): object {
  return { dump, format, tables };
}

function toText(report: PerformedReport, options: GlobalOptions, listsSessions: boolean): string {
  const colors = createColors(wantsColor(process.stdout));
  const { terminated, blockers, denied, dryRun } = report;
  const lines: string[] = [];
  const width = textWidth(process.stdout);
  const say = (...said: readonly string[]): void => void lines.push(...said.map((line) => wrap(line, width)));
  say(dryRun && report.changed ? planned(report, colors) : happened(report, colors));
  if (dryRun) say(...(report.migrations ?? []).map((name) => `  ${printable(name)}`));
  if (report.keptAs !== undefined) {
    say(
      `The old database ${dryRun ? 'would be kept' : 'is kept'} as ${colors.bold(shownName(report.keptAs))}.`,
    );
  }
  lines.push(...keptLines(report, colors, options));
  if (terminated.length > 0 && listsSessions) {
    const layout = (dryRun ? fullLayout : shortLayout)(process.stdout, options);
    lines.push(sessionTable(terminated, colors, layout));
  }
  say(
    ...drainLines(report),
    ...poolerLines(report, colors),
    ...poolerHint(terminated, report.poolers, dryRun),
    ...standbyLines(report).map(printable),
  );
  for (const detail of lostDetails(report)) {
    say(`${colors.yellow(dryRun ? 'would be lost too:' : 'lost too:')} ${printable(detail)}`);
  }
  for (const blocker of blockers) {
    say(`${colors.red('in the way:')} ${printable(blocker.detail)}`);
    lines.push(`  ${colors.dim('fix:')} ${printable(remedyOf(blocker))}`);
  }
  if (dryRun && (blockers.length > 0 || denied.length > 0))
    say('The operation would fail; no session would be terminated.');
  return `${lines.join('\n')}\n`;
}

function drainLines({ drained, cut }: PerformedReport): string[] {
  if (drained.length + cut.length === 0) return [];
  return [
    `Of those that were busy, ${drained.length} finished, and ${cut.length} ${cut.length === 1 ? 'was' : 'were'} cut off.`,
  ];
}

function poolerLines({ poolers, dryRun }: PerformedReport, colors: Colors): string[] {
  return poolers
    .filter(({ aliases }) => aliases.length > 0)
    .map(({ aliases, pausedMs, url }) => {
      const clients = `Clients of ${aliases.map((alias) => colors.bold(printable(alias))).join(', ')} at ${printable(url)}`;
      return dryRun ? `${clients} would wait meanwhile.` : `${clients} waited ${formatDuration(pausedMs)}.`;
    });
}

/** The fate of the old content, if an undo was possible. */
function keptLines(
  { database, dryRun, kept, notKept }: PerformedReport,
  { bold }: Colors,
  options: GlobalOptions,
): string[] {
  const width = textWidth(process.stdout);
  if (kept !== null) {
    const size = kept.sizeBytes === null ? '' : ` (${formatSize(kept.sizeBytes)})`;
    const undo = bold(printable(commandLine('undo', database, options)));
    const until = formatTime(new Date(kept.until));
    const told = `The old content${size} ${dryRun ? 'would be' : 'is'} kept until ${until}:`;
    return [withCommand(told, undo, width)];
  }
  return notKept === null
    ? []
    : [wrap(`The old content ${dryRun ? 'would not be' : 'is not'} kept: ${printable(notKept)}.`, width)];
}

const done: Partial<Record<PerformedReport['command'], string>> = {
  drop: 'Dropped',
  create: 'Created',
  recreate: 'Recreated',
  fresh: 'Recreated',
  restore: 'Restored',
  rename: 'Renamed',
  clone: 'Cloned',
  swap: 'Swapped',
  undo: 'Put back',
};

const intended: Partial<Record<PerformedReport['command'], string>> = {
  fresh: 'recreate',
  run: 'hold',
  undo: 'put back',
};

/** Whether there was nothing to replace. A dump is restored in either case. */
const isMadeAnew = ({ created, restored, undone }: PerformedReport): boolean =>
  created === true && restored === undefined && undone === undefined;

function happened(report: PerformedReport, colors: Colors): string {
  if (!report.changed) {
    const name = colors.bold(shownName(report.command === 'clone' ? (report.to ?? '') : report.database));
    if (report.command !== 'drop') return `${name} exists; nothing to do.`;
    return keptDetails(report).length > 0
      ? `${name} does not exist.`
      : `${name} does not exist; nothing to do.`;
  }
  const ended =
    report.terminated.length === 0 ? '' : `; ${countSessions(report.terminated.length)} terminated`;
  const took = colors.dim(`in ${formatDuration(report.durationMs)}`);
  const verb = isMadeAnew(report) ? 'Created' : done[report.command];
  return `${colors.green(verb ?? report.command)} ${names(report, colors)} ${took}${ended}.`;
}

function planned(report: PerformedReport, colors: Colors): string {
  const ended = report.terminated.length === 0 ? 'no session' : countSessions(report.terminated.length);
  const { command } = report;
  const verb = isMadeAnew(report) ? 'create' : (intended[command] ?? command);
  return `${colors.yellow(`Would ${verb}`)} ${names(report, colors)}; ${ended} would be terminated. Nothing was changed.`;
}

function names(report: PerformedReport, colors: Colors): string {
  const { database, restored, to, undone } = report;
  const name = colors.bold(shownName(database));
  if (restored !== undefined) {
    const tables = restored.tables === null ? '' : ` (${countTables(restored.tables)})`;
    return `${name} from ${colors.bold(printable(restored.dump))}${tables}`;
  }
  if (undone !== undefined) {
    return `${name} ${asItWas(undone)}`;
  }
  if (report.command === 'swap') return `${name} and ${colors.bold(shownName(to ?? ''))}`;
  return to === undefined ? `${name}${countMigrations(report)}` : `${name} to ${colors.bold(shownName(to))}`;
}
