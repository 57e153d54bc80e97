import { relative } from 'node:path';
import type { LeakedSession } from './inspect-leaks.js';
import { printable } from './printable.js';
import type { SourceLine } from '@pg-evict/core/internal/own-connections';

const longestQuery = 200;

/** The calls that close connections in the usual libraries. */
const remedy = (hook: string): string =>
  `Close it before the file ends, in ${hook}: client.end(), pool.end(), knex.destroy(), sql.end(), sequelize.close(), dataSource.destroy(), …`;

/** The same for connections that JavaScript of this thread does not hold. */
const remedyElsewhere = (hook: string): string =>
  `End what holds it before the file ends, in ${hook}: child.kill() or worker.terminate(), and wait for "exit", …`;

/**
 * Describes leaked sessions for people: user and application, address, since when, the last query, and the lines that
 * opened them. Passwords in queries are left out.
 *
 * @param file the test file
 * @param directory the base of relative file names
 * @param hook the test runner's name for the hook that runs last
 */
export function describeLeaks(
  file: string,
  leaks: readonly LeakedSession[],
  directory = process.cwd(),
  hook = 'afterAll',
): string {
  const sessions = leaks.length === 1 ? '1 PostgreSQL session' : `${leaks.length} PostgreSQL sessions`;
  return [
    `${relative(directory, file)} left ${sessions} open:`,
    ...groupByOrigin(leaks).flatMap(([leak, ...others]) => [
      ...(leak === undefined ? [] : describeLeak(leak, directory).map((line) => `  ${line}`)),
      ...(others.length === 0
        ? []
        : [`    and ${others.length} more like it: pid ${others.map(pidOf).join(', ')}`]),
    ]),
    leaks.every(({ socket }) => socket === null) ? remedyElsewhere(hook) : remedy(hook),
  ].join('\n');
}

/** The sessions of a pool are described once. */
function groupByOrigin(leaks: readonly LeakedSession[]): LeakedSession[][] {
  const groups = new Map<string, LeakedSession[]>();
  for (const leak of leaks) {
    const { application, database, socket, state } = leak;
    const lines = socket?.lines ?? [];
    const origin = lines.length === 0 ? leak.pid : [lines, socket?.openedDuring];
    const key = JSON.stringify([application, database, state, origin]);
    groups.set(key, [...(groups.get(key) ?? []), leak]);
  }
  return [...groups.values()];
}

const pidOf = ({ pid }: LeakedSession): string => String(pid ?? 'unknown');

function describeLeak(leak: LeakedSession, directory: string): string[] {
  const { pid, database, application, state, stateAgeMs, ageMs, query, socket } = leak;
  const since = stateAgeMs === null ? '' : ` for ${age(stateAgeMs)}`;
  const who = [
    pid === null ? 'a session' : `pid ${pid}`,
    ...(application === null ? [] : [`"${printable(application)}"`]),
    `${state}${since}`,
    ...(database === null ? [] : [`on ${printable(database)}`]),
  ].join(', ');
  const text = query === null ? null : printable(query);
  const lines = socket?.lines ?? [];
  const during = socket?.openedDuring;
  const opened =
    socket === null
      ? `opened ${age(ageMs)} ago, by another process, a thread or a native addon`
      : `opened ${age(ageMs)} ago${during ? ` ${printable(during)}` : ''}`;
  return [
    who,
    ...(text === null
      ? []
      : [`  last query: ${text.length > longestQuery ? `${text.slice(0, longestQuery)}…` : text}`]),
    `  ${opened}`,
    ...lines.slice(0, 4).map((line) => `    ${describeLine(line, directory)}`),
  ];
}

function describeLine({ name, file, line, column }: SourceLine, directory: string): string {
  const place = `${relative(directory, file)}:${line}:${column}`;
  return name === null ? place : `${place} in ${name}`;
}

function age(ms: number): string {
  return ms < 1000 ? `${Math.max(0, Math.round(ms))} ms` : `${(ms / 1000).toFixed(1)} s`;
}
