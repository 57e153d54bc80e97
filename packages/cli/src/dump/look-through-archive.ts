import { characterLengthOf, decodeText } from '../sql/encodings.js';
import { judge, takesData } from '../sql/judge.js';
import type { Lexis, Piece } from '../sql/lexer.js';
import { isSetConfig } from '../sql/settings.js';
import { StatementEnd } from '../sql/statement-end.js';
import { Words } from '../sql/words.js';
import type { ArchiveEntry } from './archive-contents.js';

/**
 * Examines everything that pg_restore would send to the server.
 *
 * @returns the entry that pg_restore must not send, because it is refused, or cannot be judged; `undefined` if there is
 * none
 */
export function findUnsafeEntry(entries: readonly ArchiveEntry[]): string | undefined {
  const lexis = lexisOf(entries);
  if (lexis === undefined) return 'ENCODING, STDSTRINGS';
  const unsafe = entries.find((entry) => !isSafe(entry, lexis));
  return unsafe === undefined ? undefined : `${unsafe.kind} ${unsafe.tag}`.replaceAll(/\s+/g, ' ').trim();
}

interface ArchiveLexis extends Lexis {
  readonly encoding: string;
}

/** The server's rules for reading the archive's SQL; `undefined` if they cannot be determined. */
function lexisOf(entries: readonly ArchiveEntry[]): ArchiveLexis | undefined {
  const settings = (kind: string): string[] =>
    entries
      .filter((entry) => entry.kind === kind)
      .map(({ definition }) => definition.toString('latin1').trim());
  const [encoding, ...otherEncodings] = settings('ENCODING');
  const [strings, ...otherStrings] = settings('STDSTRINGS');
  const [, name] = /^SET client_encoding = '(\w+)';$/.exec(encoding ?? '') ?? [];
  const isKnown = strings === "SET standard_conforming_strings = 'on';";
  if (name === undefined || !isKnown || otherEncodings.length + otherStrings.length > 0) return undefined;
  return { encoding: name, backslashEscapes: false, characterLength: characterLengthOf(name) };
}

const ofDatabase = /^(?:DATABASE|DATABASE PROPERTIES)$/;

function isSafe(entry: ArchiveEntry, lexis: ArchiveLexis): boolean {
  const { copy, definition, drop, hasData, kind } = entry;
  if (isPassedOver(entry) || isSetting(entry)) return true;
  if (isOddlyWritten(entry) || (kind.startsWith('BLOB') && !isLargeObject(entry))) return false;
  if (hasData && kind !== 'BLOBS' && !takesData(new Words(copy, lexis))) return false;
  // `DROP FUNCTION f()` becomes `ALTER FUNCTION f() OWNER TO …`.
  const alter = drop.length === 0 ? [] : [Buffer.from('ALTER'), drop.subarray('DROP'.length)];
  // Numbers are no statements.
  const made = kind === 'BLOB METADATA' ? [copy] : [definition, copy];
  return [...made, Buffer.concat(alter)].every((sql) => mayRun(sql, lexis)) && mayRun(drop, lexis, true);
}

/** Entries on the database itself, unless pg_restore makes it. */
function isPassedOver({ kind, tag }: ArchiveEntry): boolean {
  return (
    ofDatabase.test(kind) || (/^(?:ACL|COMMENT|SECURITY LABEL)$/.test(kind) && tag.startsWith('DATABASE '))
  );
}

/** pg_restore writes names into comments, and reads an entry only up to a zero byte. */
function isOddlyWritten({ copy, definition, drop, kind, namespace, owner, tag }: ArchiveEntry): boolean {
  const hasZero = [copy, definition, drop].some((sql) => sql.includes(0));
  return hasZero || /[\n\r\0]/.test(`${tag}${namespace}${owner}${kind}`);
}

/** Statements that pg_restore sends before all others. The first two were examined already. */
function isSetting({ definition, kind }: ArchiveEntry): boolean {
  if (kind !== 'SEARCHPATH') return kind === 'ENCODING' || kind === 'STDSTRINGS';
  const text = definition.toString('latin1');
  return /^SELECT pg_catalog\.set_config\('search_path', '[^'\\]*', false\);\s*$/.test(text);
}

/** They are created one by one from the numbers in an entry; their data are not SQL. */
function isLargeObject({ definition, kind, tag }: ArchiveEntry): boolean {
  if (kind === 'BLOB METADATA') return /^[\d\s]*$/.test(definition.toString('latin1'));
  return kind === 'BLOBS' || (kind === 'BLOB' && /^\d+$/.test(tag));
}

/** These could change how the following SQL is read; pg_dump writes none of them. */
const readOtherwise = /^(?:SET|RESET|DISCARD|DO|CALL|EXECUTE)$/;

/**
 * Whether all statements in a text may be run. pg_restore sends it as one message, in which each semicolon may end a
 * statement.
 */
function mayRun(sql: Buffer, lexis: ArchiveLexis, isLeading = false): boolean {
  const piece: Piece = { bytes: sql, end: sql.length, isLast: true };
  const decode = (bytes: Buffer): string => decodeText(bytes, lexis.encoding);
  const end = new StatementEnd({ nests: false });
  const mayCall = /set_config|u&"/i.test(sql.toString('latin1'));
  for (let start = 0; start < sql.length;) {
    end.reset();
    const next = end.find(piece, start, lexis);
    if (end.open !== undefined) return false;
    const words = new Words(sql.subarray(start, next), lexis);
    if (readOtherwise.test(words.keyword(0)) || (mayCall && callsSetConfig(words, decode))) return false;
    if (judge(words, { own: undefined, isLeading, decode }).fate !== 'run') return false;
    start = next;
  }
  return true;
}

function callsSetConfig(words: Words, decode: (bytes: Buffer) => string): boolean {
  for (let at = 0; words.at(at) !== undefined; at += 1) {
    if (isSetConfig(words, at, decode)) return true;
  }
  return false;
}
