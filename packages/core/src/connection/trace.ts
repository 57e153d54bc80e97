import { channel } from 'node:diagnostics_channel';

/** A step on one of pg-evict's connections, for subscribers of the channel `pg-evict:trace`. No values. */
export interface Trace {
  /** `127.0.0.1:5432/postgres`. */
  readonly where: string;
  /** The pid of our backend; `undefined` before there is one. */
  readonly pid: number | undefined;
  /**
   * The statement or question, without values: `ALTER DATABASE "app" RENAME TO "old"`, `SELECT pg_stat_activity,
   * pg_locks`.
   */
  readonly what: string;
  /** How long it took, in milliseconds. */
  readonly ms: number;
  /** Why it failed, as an SQLSTATE or a code of the system; `undefined` if it did not. */
  readonly failed: string | undefined;
}

const traces = channel('pg-evict:trace');

/**
 * Publishes a step to the subscribers. Costs nothing without subscribers.
 *
 * @internal
 */
export async function traced<T>(
  about: { readonly where: string; readonly pid: () => number | undefined; readonly what: string },
  action: () => Promise<T>,
): Promise<T> {
  if (!traces.hasSubscribers) return action();
  const startedAt = performance.now();
  const publish = (failed: string | undefined): void => {
    const trace: Trace = {
      where: about.where,
      pid: about.pid(),
      what: about.what,
      ms: performance.now() - startedAt,
      failed,
    };
    traces.publish(trace);
  };
  try {
    const result = await action();
    publish(undefined);
    return result;
  } catch (error) {
    const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
    publish(typeof code === 'string' ? code : 'failed');
    throw error;
  }
}

const longestName = 100;

/**
 * A statement's name: a query by the catalogs and functions it reads, anything else by its text. Literals are left out.
 *
 * @internal
 */
export function statementName(statement: unknown): string {
  const text = typeof statement === 'string' ? statement : ((statement as { text?: string }).text ?? '');
  const plain = text
    .slice(0, 20_000)
    .replaceAll(/'[^']*'/g, "'…'")
    .replaceAll(/\s+/g, ' ')
    .trim();
  const names = /^(?:SELECT|WITH)\b/i.test(plain)
    ? [...new Set(plain.match(/\bpg_(?!catalog\b)\w+/g))].slice(0, 4)
    : [];
  const name = names.length === 0 ? plain : `SELECT ${names.join(', ')}`;
  return name.length > longestName ? `${name.slice(0, longestName)}…` : name;
}
