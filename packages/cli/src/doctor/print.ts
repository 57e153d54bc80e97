import { createColors } from 'picocolors';
import type { Colors } from 'picocolors/types.js';
import type { CommandContext } from '../context/command-context.js';
import type { GlobalOptions } from '../options/global.js';
import { toJsonBlocker } from '../sessions/json.js';
import { wantsColor } from '../terminal/color.js';
import { toJsonText } from '../terminal/json.js';
import { printable } from '../terminal/printable.js';
import { textWidth, wrap } from '../terminal/wrap.js';
import type { Examination } from './examine.js';
import type { Finding } from './finding.js';
import type { Repair } from './repair.js';
import { shownName } from '../terminal/shown-name.js';

/** All that doctor has to say. */
export interface ExaminationReport {
  readonly context: CommandContext;
  readonly examination: Examination;
  readonly findings: readonly Finding[];
  readonly repairs: readonly Repair[];
  readonly isWell: boolean;
}

const topicWidth = 12;

/** Prints the findings: in words, or as JSON. */
export function printExamination(report: ExaminationReport, options: GlobalOptions): void {
  if (options.json === true) process.stdout.write(toJsonText(toJson(report)));
  else if (options.quiet !== true)
    process.stdout.write(toText(report, createColors(wantsColor(process.stdout))));
}

function toText({ findings, isWell, repairs }: ExaminationReport, colors: Colors): string {
  const marks = { ok: colors.green('ok'), note: colors.yellow('note'), problem: colors.red('problem') };
  const lines = findings.flatMap(({ level, remedy, text, topic }, index) => {
    const title = findings[index - 1]?.topic === topic ? '' : topic;
    const indent = ' '.repeat(topicWidth + 2);
    const found = `${title.padEnd(topicWidth)}  ${level === 'ok' ? '' : `${marks[level]}: `}${printable(text)}`;
    const width = textWidth(process.stdout);
    const fix = `${indent}${colors.dim('fix:')} ${printable(remedy ?? '')}`;
    return [
      wrap(found, width, { indent }),
      ...(remedy === undefined ? [] : [wrap(fix, width, { indent: `${indent}     ` })]),
    ];
  });
  for (const { database, failure } of repairs) {
    lines.push(
      failure === null
        ? `${colors.green('Repaired:')} ${shownName(database)}.`
        : `${colors.red('Not repaired:')} ${shownName(database)}: ${printable(failure)}`,
    );
  }
  lines.unshift(colors.bold('Findings'));
  lines.push(isWell ? colors.green('All is well.') : colors.red('Problems found.'));
  return lines.map((line) => `${line}\n`).join('');
}

function toJson({ context, examination, findings, isWell, repairs }: ExaminationReport): object {
  const { connection, description, diagnosis, kept, leftovers, paused } = examination;
  return {
    command: 'doctor',
    database: context.target.database ?? null,
    ok: isWell,
    connection: { ...connection, origins: context.connection.origins },
    configuration: {
      file: context.configuration.filepath,
      env: context.configuration.env,
      sources: context.configuration.sources,
    },
    exists: description?.exists ?? null,
    owner: description?.owner ?? null,
    sizeBytes: description?.sizeBytes ?? null,
    protection: description?.protection ?? null,
    blockers: (diagnosis?.blockers ?? []).map(toJsonBlocker),
    standing: (diagnosis?.standing ?? []).map(toJsonBlocker),
    leftovers,
    kept,
    paused,
    findings: findings.map(({ exitCode: _exitCode, ...finding }) => finding),
    repairs,
  };
}
