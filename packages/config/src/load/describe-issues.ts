import type { GenericIssue, GenericSchema } from 'valibot';
import { closestName } from './environment.js';

/** Describes the issues, one phrase each: path, value, and the expected or suggested value. Never shows a password. */
export function describeIssues(
  issues: readonly GenericIssue[],
  schema: GenericSchema,
  path: readonly string[],
): string[] {
  return [
    ...new Set(
      issues
        .flatMap((issue) => leaves(issue, path))
        .flatMap(({ issue, at }) => describe(issue, at, schema, path)),
    ),
  ];
}

interface Leaf {
  readonly issue: GenericIssue;
  readonly at: readonly string[];
}

/** Of the alternatives of a union, the one that was most likely meant: the one with the deepest fault. */
function leaves(issue: GenericIssue, prefix: readonly string[]): Leaf[] {
  const at = [...prefix, ...(issue.path ?? []).map((item) => String(item.key))];
  const inside = (issue.issues ?? []).filter((sub) => (sub.path?.length ?? 0) > 0 || !isTypeIssue(sub));
  return inside.length > 0 ? inside.flatMap((sub) => leaves(sub, at)) : [{ issue, at }];
}

const isTypeIssue = (issue: GenericIssue): boolean => issue.kind === 'schema';

function describe(
  issue: GenericIssue,
  at: readonly string[],
  schema: GenericSchema,
  prefix: readonly string[],
): string | string[] {
  const path = toPath(at);
  if (issue.type === 'strict_object' && issue.expected === 'never') {
    const known = keysAt(schema, at.slice(prefix.length, -1));
    return unknownKeys(issue, at, known).map((key) => {
      const meant = closestName(key, known);
      return `"${toPath([...at.slice(0, -1), key])}" is not a setting (${meant === undefined ? `known here: ${known.join(', ')}` : `did you mean "${meant}"?`})`;
    });
  }
  if (issue.type === 'strict_object' && issue.received === 'undefined') return `${path} is missing`;
  const meant = typeof issue.input === 'string' && issue.type === 'union' ? undefined : meantValue(issue);
  return `${path === '' ? 'it' : path} is ${toShown(issue.input, at)}, expected ${issue.message}${meant === undefined ? '' : ` (did you mean '${meant}'?)`}`;
}

/** The schema library stops at the first issue of an object. */
function unknownKeys(issue: GenericIssue, at: readonly string[], known: readonly string[]): string[] {
  const object = issue.path?.at(-1)?.input;
  const others = Object.keys(object ?? {}).filter((key) => key !== '$schema' && !known.includes(key));
  return [...new Set([...at.slice(-1), ...others])];
}

/** For one of a list of words. */
function meantValue(issue: GenericIssue): string | undefined {
  if (issue.type !== 'picklist' || typeof issue.input !== 'string') return undefined;
  const words = [...(issue.expected ?? '').matchAll(/"([^"]*)"/g)].map((match) => match[1] ?? '');
  return closestName(issue.input, words);
}

const toPath = (keys: readonly string[]): string =>
  keys.map((key, index) => (/^\d+$/.test(key) ? `[${key}]` : index === 0 ? key : `.${key}`)).join('');

const shownOfConnections = new Set(['host', 'user', 'database']);
const numbersOfConnections = new Set(['port', 'connectionTimeoutMillis']);

/** Whether a value of a connection is not a secret, even under the wrong key. */
function isShown(value: unknown, key: string): boolean {
  if (!numbersOfConnections.has(key)) return shownOfConnections.has(key);
  return typeof value === 'number' || (typeof value === 'string' && /^[-+.\d]{0,12}$/.test(value));
}

/** A value for a message: short, and only if it is not a secret. */
function toShown(value: unknown, at: readonly string[]): string {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'object') return 'an object';
  const mayBeSecret =
    at.some((key) => key === 'connection' || key === 'admin') && !isShown(value, at.at(-1) ?? '');
  if (typeof value === 'string' && (mayBeSecret || /:\/\/|password|:[^]*@/i.test(value))) return 'a string';
  if (mayBeSecret) return `a ${typeof value}`;
  const text = typeof value === 'string' ? JSON.stringify(value) : `${value as number}`;
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}

interface Node {
  readonly entries?: Readonly<Record<string, Node>>;
  readonly wrapped?: Node;
  readonly item?: Node;
  readonly options?: readonly Node[];
}

/** The keys that an object in the schema may have. */
function keysAt(schema: GenericSchema, path: readonly string[]): string[] {
  let nodes: Node[] = objectsOf(schema as Node);
  for (const key of path) {
    nodes = nodes.flatMap((node) =>
      objectsOf(node.entries?.[key] ?? (/^\d+$/.test(key) ? node.item : undefined)),
    );
  }
  return nodes.flatMap((node) => Object.keys(node.entries ?? {})).filter((key) => key !== '$schema');
}

/** A node itself, the nodes it wraps, and the alternatives of a union. */
function objectsOf(node: Node | undefined): Node[] {
  if (node === undefined) return [];
  if (node.wrapped !== undefined) return objectsOf(node.wrapped);
  if (Array.isArray(node.options))
    return (node.options as readonly unknown[]).flatMap((option) =>
      typeof option === 'object' ? objectsOf(option as Node) : [],
    );
  return [node];
}
