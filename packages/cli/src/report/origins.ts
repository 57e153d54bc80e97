import type { Colors } from 'picocolors/types.js';
import type { CommandContext } from '../context/command-context.js';
import { printable } from '../terminal/printable.js';
import { wrap } from '../terminal/wrap.js';
import { shownName } from '../terminal/shown-name.js';

const topicWidth = 12;

/**
 * The origin of each value of the connection. Passwords are named, not shown.
 *
 * @param width the terminal's; without it, no line is wrapped
 */
export function originLines(
  { configuration, connection, target }: CommandContext,
  colors: Colors,
  width: number | undefined,
): string {
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
    const shown = name === 'database' ? shownName(String(value)) : printable(String(value));
    return value === undefined
      ? []
      : [`${name.padEnd(topicWidth)}  ${shown} ${colors.dim(`from ${printable(origin)}`)}`];
  });
  if (settings.password === undefined) {
    lines.push(`${'password'.padEnd(topicWidth)}  none given, ${colors.dim('so .pgpass is searched')}`);
  }
  return [...lines, ...configurationLines({ configuration, target }, colors)]
    .map((line) => `${wrap(line, width, { indent: ' '.repeat(topicWidth + 2) })}\n`)
    .join('');
}

/** The other configured settings, and where they are; nothing if there is no configuration. */
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
