import { Readable } from 'node:stream';
import { readCommand } from './connect-command.js';
import { DumpReader } from './dump-reader.js';
import { decodeText } from '../sql/encodings.js';
import { byte, type Lexis } from '../sql/lexer.js';
import { judge } from '../sql/judge.js';
import { Words } from '../sql/words.js';

/** The facts at the top of a plain dump that apply to all of it. */
export interface Survey {
  /** The database that it was made from, if `pg_dump --create` made it. */
  readonly own: string | undefined;
  /** Whether pg_dumpall made it. */
  readonly isOfCluster: boolean;
  /** A part that must not be run, if the top has one. */
  readonly refused: { readonly statement: string; readonly reason: string; readonly at: number } | undefined;
}

/**
 * Examines the top of a plain dump before anything is changed. Statements that it misses are found when the dump is
 * run.
 *
 * @param isWhole whether `head` is all of it
 */
export async function surveyDump(head: Buffer, isWhole: boolean): Promise<Survey> {
  let own: string | undefined;
  let isOfCluster = false;
  const refused: NonNullable<Survey['refused']>[] = [];
  const reader = new DumpReader(Readable.from([head]));
  let item = await reader.next(lexis);
  for (; item.kind !== 'end'; item = await reader.next(lexis)) {
    // The rest of it may follow after the head.
    if (!isWhole && reader.position >= head.length) break;
    if (item.kind === 'comment') {
      isOfCluster ||= /^-- PostgreSQL database cluster dump\s*$/.test(item.bytes.toString('latin1'));
    } else if (item.kind === 'command') {
      const command = readCommand(decode(item.bytes));
      if (command.kind === 'other') {
        refused.push({ statement: command.name, reason: commandReason, at: item.at });
      }
    } else {
      const words = new Words(item.bytes, lexis);
      if (isUncertain(item.bytes) || words.keyword(0) === 'COPY') break;
      if (words.keyword(0) === 'CREATE' && words.keyword(1) === 'DATABASE') own ??= words.name(2, decode);
      // `DROP DATABASE` of --clean comes before its name is known.
      const named = words.name(words.keyword(2) === 'IF' ? 4 : 2, decode);
      const verdict = judge(words, { own: own ?? named, isLeading: true, decode });
      if (verdict.fate === 'refuse') refused.push({ ...verdict, at: item.at });
    }
  }
  await reader.close();
  return { own, isOfCluster, refused: refused[0] };
}

/** The reason why a line that begins with a backslash is refused. */
export const commandReason = 'it is a command of psql, and none is run';

/** The default rules of a server for reading SQL. */
const lexis: Lexis = { backslashEscapes: false, characterLength: undefined };

/** Whether unknown settings may change where a statement ends. */
const isUncertain = (statement: Buffer): boolean =>
  statement.some((code) => code === byte.backslash || code >= 128);

const decode = (bytes: Buffer): string => decodeText(bytes, 'UTF8');
