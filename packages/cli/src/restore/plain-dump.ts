import { PgEvictError } from '../context/engine.js';
import { decode, type DumpedRelation } from './dump.js';
import { SqlLexer, type SqlListener } from './sql-lexer.js';

/** What pg_dump puts above each object (`_printTocEntry()`, src/bin/pg_dump/pg_backup_archiver.c). */
const heading =
  /^-- Name: (.*); Type: (TABLE|VIEW|MATERIALIZED VIEW|SEQUENCE|FOREIGN TABLE); Schema: (.*); Owner: /;

/** Statements that put nothing into a database. */
const settings = new Set(['SET', 'SELECT', 'BEGIN', 'START', 'COMMIT', 'RESET']);

/** The commands of psql that pg_dump writes: they turn off all others. */
const harmless = /^(?:un)?restrict\s/;

/**
 * Reads along with psql what a plain dump would have it do, and refuses what leads out of the database that is being
 * restored: `\connect`, and statements on databases, as `pg_dump --create` and `pg_dumpall` write them. They would act
 * on the database that is in use.
 */
export class PlainDump implements SqlListener {
  /** The relations that the dump says it holds; a file that pg_dump has not written says nothing of them. */
  readonly relations: DumpedRelation[] = [];
  readonly #lexer = new SqlLexer(this);
  readonly #path: string;
  #isEmpty = true;
  #isFromPgDump = false;
  #isComplete = false;
  #words: string[] = [];
  #last = '';
  #data = false;
  #begun = false;
  #backslashEscapes = false;

  /** @param path for messages */
  constructor(path: string) {
    this.#path = path;
  }

  /** @throws PgEvictError `CONFIG_INVALID` for what must not be run */
  push(chunk: Buffer): void {
    const hasMark = !this.#begun && chunk.subarray(0, 3).equals(byteOrderMark);
    this.#begun = true;
    this.#lexer.push(hasMark ? chunk.subarray(3) : chunk);
  }

  /** @throws PgEvictError `CONFIG_INVALID` for a dump that is cut off, or holds nothing */
  end(): void {
    const isWhole = this.#lexer.end();
    if (!isWhole || (this.#isFromPgDump && !this.#isComplete)) {
      throw new PgEvictError(
        'CONFIG_INVALID',
        `The dump ${this.#path} is cut off: it ends in line ${this.#lexer.line}, before its end. Nothing was changed.`,
        { hint: 'Make it anew, and look whether pg_dump succeeded.' },
      );
    }
    if (this.#isEmpty) {
      throw new PgEvictError('CONFIG_INVALID', `The dump ${this.#path} holds nothing to restore.`, {
        hint: 'To empty a database: pg-evict recreate.',
      });
    }
  }

  word(word: string): void {
    const [first, second] = this.#words;
    if (first === undefined) this.#isEmpty &&= settings.has(word);
    else if (word === 'STDIN' && first === 'COPY' && this.#last === 'FROM') this.#data = true;
    else if (word === 'DATABASE' && isOnDatabase(first, second, this.#last)) {
      const statement = [first, ...(this.#last === first ? [] : ['…', this.#last]), word].join(' ');
      this.#refuse(`in line ${this.#lexer.line}, the statement ${statement} reaches beyond it`);
    }
    this.#last = word;
    if (this.#words.length < 3) this.#words.push(word);
  }

  statement(): { data: boolean; backslashEscapes: boolean } {
    if (this.#words[0] === 'SET' && this.#words[1] === 'STANDARD_CONFORMING_STRINGS') {
      this.#backslashEscapes = this.#words[2] === 'OFF';
    }
    const data = this.#data;
    [this.#words, this.#last, this.#data] = [[], '', false];
    return { data, backslashEscapes: this.#backslashEscapes };
  }

  comment(text: string): void {
    if (text === '-- PostgreSQL database dump') this.#isFromPgDump = true;
    else if (text === '-- PostgreSQL database dump complete') this.#isComplete = true;
    else if (text === '-- PostgreSQL database cluster dump')
      this.#refuse('it is one of a whole server, by pg_dumpall');
    const [, name, type, schema] = heading.exec(text) ?? [];
    if (name === undefined || type === undefined || schema === undefined) return;
    const decoded = decode(`${schema} ${name}`);
    if (decoded === undefined) return;
    this.relations.push({ isTable: type.endsWith('TABLE'), name: decoded, label: decoded });
  }

  command(text: string): void {
    if (harmless.test(text)) return;
    const [name = ''] = text.split(/\s/, 1);
    // What follows may hold a password.
    this.#refuse(`in line ${this.#lexer.line}, the command \\${name} reaches beyond it`);
  }

  #refuse(why: string): never {
    throw new PgEvictError(
      'CONFIG_INVALID',
      `The dump ${this.#path} cannot be restored into one database: ${why}. Nothing was changed.`,
      { hint: 'Make the dump by pg_dump without --create, and not by pg_dumpall.' },
    );
  }
}

const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf]);

/** Whether the word DATABASE, after these, makes a statement one on a whole database. */
function isOnDatabase(first: string, second: string | undefined, last: string): boolean {
  switch (first) {
    case 'CREATE':
    case 'DROP':
      return last === first;
    case 'ALTER':
      return last === first || (last === 'IN' && (second === 'ROLE' || second === 'USER'));
    case 'COMMENT':
    case 'GRANT':
    case 'REVOKE':
    case 'SECURITY':
      return last === 'ON';
    default:
      return false;
  }
}
