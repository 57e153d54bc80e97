import { reasons, sharedCatalogs } from './statement-rules.js';
import type { Words } from './words.js';

type Decode = (bytes: Buffer) => string;

const fillers = /^(?:INTO|FROM|ONLY|TABLE|IF|EXISTS)$/;

/**
 * The reason why a statement that names its table from an index on is refused; `undefined` if the table belongs to one
 * database.
 */
export function onSharedCatalog(words: Words, from: number, decode: Decode): string | undefined {
  let at = from;
  while (fillers.test(words.keyword(at))) at += 1;
  if (words.at(at)?.isEscaped) return reasons.escapedName;
  const dot = words.at(at + 1);
  if (dot?.text === '.') {
    const schema = words.name(at, decode);
    // That schema contains only objects named after their table's oid.
    if (schema === 'pg_toast') return reasons.sharedCatalog;
    // A table of the same name in another schema belongs to this database alone.
    if (schema !== 'pg_catalog') return undefined;
    at += 2;
    if (words.at(at)?.isEscaped) return reasons.escapedName;
  }
  return isShared(words.name(at, decode) ?? '') ? reasons.sharedCatalog : undefined;
}

/** The catalogs themselves, and their indexes: `pg_authid_rolname_index`. */
function isShared(name: string): boolean {
  if (sharedCatalogs.has(name)) return true;
  return name.endsWith('_index') && [...sharedCatalogs].some((catalog) => name.startsWith(`${catalog}_`));
}

/** The reason why a statement with a list of tables or indexes from an index on is refused. */
export function listsSharedCatalog(words: Words, from: number, decode: Decode): string | undefined {
  let reason = onSharedCatalog(words, from, decode);
  for (let at = from; words.at(at) !== undefined && reason === undefined; at += 1) {
    if (words.at(at)?.text === ',') reason = onSharedCatalog(words, at + 1, decode);
  }
  return reason;
}

/** The reason why a statement that creates something on a table, such as an index, is refused. */
export function makesOnSharedCatalog(words: Words, decode: Decode): string | undefined {
  const kind = words.keyword(1) === 'OR' ? words.keyword(3) : words.keyword(1);
  if (!/^(?:UNIQUE|INDEX|CONSTRAINT|TRIGGER|RULE|POLICY)$/.test(kind)) return undefined;
  const at = words.find(kind === 'RULE' ? to : on);
  return at === -1 ? undefined : onSharedCatalog(words, at + 1, decode);
}

const [on, to] = [new Set(['ON']), new Set(['TO'])];

/** The reason why a statement that may contain others, such as `WITH … AS (UPDATE …)`, is refused. */
export function writesSharedCatalog(words: Words, decode: Decode): string | undefined {
  for (let at = 0; words.at(at) !== undefined; at += 1) {
    const isTarget =
      writing.has(words.keyword(at)) || (words.keyword(at) === 'FROM' && words.keyword(at - 1) === 'DELETE');
    const reason = isTarget ? onSharedCatalog(words, at + 1, decode) : undefined;
    if (reason !== undefined) return reason;
  }
  return undefined;
}

const writing = new Set(['UPDATE', 'INTO', 'TRUNCATE']);
