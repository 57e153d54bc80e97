import { createColors } from 'picocolors';
import type { Colors } from 'picocolors/types.js';
import type { CommandContext } from '../context/command-context.js';
import type { GlobalOptions } from '../options/global.js';
import { toJsonBlocker } from '../sessions/json.js';
import { wantsColor } from '../terminal/color.js';
import { toJsonText } from '../terminal/json.js';
import { printable } from '../terminal/printable.js';
import type { Examination } from './examine.js';
import type { Finding } from './findings.js';
import type { Repair } from './repair.js';

/** All that doctor has to say. */
export interface ExaminationReport {
  readonly context: CommandContext;
  readonly examination: Examination;
  readonly findings: readonly Finding[];
  readonly repairs: readonly Repair[];
  readonly isWell: boolean;
}

const topicWidth = 12;

/** Prints what was found: in words, or as JSON. */
export function printExamination(report: ExaminationReport, options: GlobalOptions): void {
  if (options.json === true) process.stdout.write(toJsonText(toJson(report)));
  else if (options.quiet !== true)
    process.stdout.write(toText(report, createColors(wantsColor(process.stdout))));
}

/** Where each value of the connection came from. Passwords are named, not shown. */
export function originLines({ configuration, connection, target }: CommandContext, colors: Colors): string {
  const { origins, settings } = connection;
  const values = [
    ['host', settings.host],
    ['port', settings.port],
    ['user', settings.user],
    ['password', settings.password === undefined ? undefined : '(not shown)'],
    ['database', target.database],
    ['ssl', settings.ssl === undefined ? undefined : settings.ssl === false ? 'off' : 'on'],
  ] as const;
  const lines = values.flatMap(([name, value]) => {
    const origin =
      name === 'database' && value !== settings.database ? 'the command line' : (origins[name] ?? 'defaults');
    return value === undefined
      ? []
      : [
          `${name.padEnd(topicWidth)}  ${printable(String(value))} ${colors.dim(`from ${printable(origin)}`)}`,
        ];
  });
  if (settings.password === undefined) {
    lines.push(`${'password'.padEnd(topicWidth)}  none given, ${colors.dim('so .pgpass is looked into')}`);
  }
  return [...lines, ...configurationLines({ configuration, target }, colors)]
    .map((line) => `${line}\n`)
    .join('');
}

/** What else is configured, and where; nothing where there is no configuration. */
function configurationLines(
  { configuration, target }: Pick<CommandContext, 'configuration' | 'target'>,
  colors: Colors,
): string[] {
  const values: readonly (readonly [string, string])[] = [
    ['admin', typeof target.connection === 'object' ? (target.connection.user ?? '') : ''],
    ['maintenanceDatabase', target.maintenanceDatabase ?? ''],
    ['protect', (target.protect ?? []).map(patternText).join(', ')],
    ['sessions', 'settings'],
    ['knexfile', 'named'],
  ];
  return values.flatMap(([name, text]) => {
    const source = configuration.sources[name];
    return source === undefined
      ? []
      : [`${name.padEnd(topicWidth)}  ${printable(text)} ${colors.dim(`from ${printable(source)}`)}`];
  });
}

const patternText = (pattern: NonNullable<CommandContext['target']['protect']>[number]): string =>
  typeof pattern === 'string' ? pattern : Object.values(pattern).join(' on ');

function toText({ findings, isWell, repairs }: ExaminationReport, colors: Colors): string {
  const marks = { ok: colors.green('ok'), note: colors.yellow('note'), problem: colors.red('problem') };
  const lines = findings.flatMap(({ level, remedy, text, topic }, index) => {
    const title = findings[index - 1]?.topic === topic ? '' : topic;
    const indent = ' '.repeat(topicWidth + 2);
    return [
      `${title.padEnd(topicWidth)}  ${level === 'ok' ? '' : `${marks[level]}: `}${printable(text)}`,
      ...(remedy === undefined ? [] : [`${indent}${colors.dim('fix:')} ${printable(remedy)}`]),
    ];
  });
  for (const { database, failure } of repairs) {
    lines.push(
      failure === null
        ? `${colors.green('Put in order:')} ${printable(database)}.`
        : `${colors.red('Not put in order:')} ${printable(database)}: ${printable(failure)}`,
    );
  }
  lines.push(isWell ? colors.green('All is well.') : colors.red('Not all is well.'));
  return lines.map((line) => `${line}\n`).join('');
}

function toJson({ context, examination, findings, isWell, repairs }: ExaminationReport): object {
  const { connection, description, diagnosis, leftovers } = examination;
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
    findings: findings.map(({ exitCode: _exitCode, ...finding }) => finding),
    repairs,
  };
}
