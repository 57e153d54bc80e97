import { reasons, sharedCatalogs } from './statement-rules.js';
import type { Words } from './words.js';

type Decode = (bytes: Buffer) => string;

const fillers = /^(?:INTO|FROM|ONLY|TABLE)$/;

/** Why a statement is refused that names its table from an index on; `undefined` if that belongs to one database. */
export function onSharedCatalog(words: Words, from: number, decode: Decode): string | undefined {
  let at = from;
  while (fillers.test(words.keyword(at))) at += 1;
  if (isEscaped(words, at)) return reasons.escapedName;
  if (words.at(at + 1)?.text === '.') {
    // A table of the same name in another schema is nobody else's.
    if (words.name(at, decode) !== 'pg_catalog') return undefined;
    at += 2;
    if (isEscaped(words, at)) return reasons.escapedName;
  }
  return sharedCatalogs.has(words.name(at, decode) ?? '') ? reasons.sharedCatalog : undefined;
}

/** `U&"…"`: what it says is told by escapes, and pg_dump never writes it. */
function isEscaped(words: Words, at: number): boolean {
  return words.keyword(at) === 'U' && words.at(at + 1)?.text === '&' && words.at(at + 2)?.kind === 'name';
}

/** Why a statement is refused that may have others within it, such as `WITH … AS (UPDATE …)`. */
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
