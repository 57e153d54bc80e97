import { announcedRelation, Completeness, mayTell } from '../dump/completeness.js';
import { readCommand } from '../dump/connect-command.js';
import type { DumpedRelation, SkippedStatement } from '../dump/dump.js';
import { type DumpItem, DumpReader, type StatementItem } from '../dump/dump-reader.js';
import { decodeText } from '../sql/encodings.js';
import { takesData } from '../sql/judge.js';
import { commandReason } from '../dump/survey.js';
import { beginningOf, type Words } from '../sql/words.js';
import { DumpProblem } from './dump-problem.js';
import type { DumpSession } from './dump-session.js';
import { planStatement, type StatementPlan } from './statement-plan.js';
import { StatementRunner } from './statement-runner.js';

/** A plain dump to run. */
export interface PlainDumpRequest {
  readonly content: AsyncIterable<Buffer>;
  /** The database that the dump was made from, by its own account. */
  readonly own: string | undefined;
  /** For a dump of several databases, the one whose section is run. */
  readonly section: string | undefined;
  /** Runs all of it in one transaction. */
  readonly singleTransaction: boolean;
  /** Called with a table before its data. */
  readonly onTable: (name: string) => void;
}

/** How far a dump has been run, in bytes of its SQL. */
export interface DumpPosition {
  /** Where the statement begins that the server is at; in the middle of a table's data, where the next of them begin. */
  readonly at: number;
  /** How much has been read: some statements more. */
  readonly read: number;
}

/** The result of running a dump. */
export interface PlainDumpResult {
  /** The objects that it lists; a file that pg_dump has not made lists none. */
  readonly relations: readonly DumpedRelation[];
  readonly skipped: readonly SkippedStatement[];
}

/** Runs a plain dump, statement by statement. */
export class PlainDumpRun {
  readonly #session: DumpSession;
  readonly #request: PlainDumpRequest;
  readonly #reader: DumpReader;
  readonly #runner: StatementRunner;
  readonly #completeness = new Completeness();
  readonly #relations: DumpedRelation[] = [];
  readonly #sections = new Set<string>();
  #isInSection: boolean;
  /** The plan for the next statement, made while the server was at work. */
  #next: StatementPlan | undefined;
  #outside = 0;
  /** Where the statement under way begins. */
  #at = 0;

  constructor(session: DumpSession, request: PlainDumpRequest) {
    this.#session = session;
    this.#request = request;
    this.#reader = new DumpReader(request.content);
    this.#runner = new StatementRunner(session, this.#reader, this.#decode, {
      onTable: request.onTable,
      whileAtWork: this.#lookAhead,
    });
    this.#isInSection = request.section === undefined;
  }

  get position(): DumpPosition {
    const { position, received } = this.#reader;
    return { at: this.#runner.isCopying ? position : this.#at, read: received };
  }

  /** @throws {@link DumpProblem}, and errors of reading the file */
  async run(): Promise<PlainDumpResult> {
    const { section, singleTransaction } = this.#request;
    if (singleTransaction) await this.#session.run(Buffer.from('BEGIN'));
    for (;;) {
      const { lexis } = this.#session;
      // Most are there already, and are not awaited.
      const item = this.#reader.ready(lexis) ?? (await this.#reader.next(lexis));
      this.#at = item.at;
      if (item.kind === 'end') {
        this.#assertComplete(item);
        break;
      }
      if (item.kind === 'statement') {
        const plan = this.#planOf(item);
        if (isNothing(plan.words)) continue;
        this.#completeness.statement();
        if (!this.#isInSection) await this.#outsideOfSection(plan);
        else if (this.#isRun(plan)) await this.#runner.run(plan);
      } else if (item.kind === 'command') this.#command(item.bytes, item.at);
      else this.#comment(item.bytes);
    }
    if (singleTransaction) await this.#session.run(Buffer.from('COMMIT'));
    if (section !== undefined) {
      this.#runner.skipped.push({
        statement: `${this.#outside} statements outside of the section of "${section}"`,
        reason: 'they are on other databases, or on the whole server',
      });
    }
    return { relations: this.#relations, skipped: this.#runner.skipped };
  }

  #decode = (bytes: Buffer): string => decodeText(bytes, this.#session.encoding);

  #comment(bytes: Buffer): void {
    if (!mayTell(bytes)) return;
    const text = this.#decode(bytes);
    this.#completeness.comment(text);
    if (!this.#isInSection) return;
    const relation = announcedRelation(text);
    if (relation !== undefined) this.#relations.push(relation);
  }

  #command(bytes: Buffer, at: number): void {
    const command = readCommand(this.#decode(bytes));
    if (command.kind === 'harmless') return;
    if (command.kind === 'other') {
      throw new DumpProblem('refused', `${command.name} is refused: ${commandReason}`, { at });
    }
    const { own, section } = this.#request;
    if (section !== undefined) {
      this.#sections.add(command.database);
      this.#isInSection = command.database === section;
    } else if (command.database !== own) {
      throw new DumpProblem(
        'refused',
        `${command.name} is refused: it leads to the database "${command.database}", which is another than ${own === undefined ? 'that of the dump' : `"${own}"`}`,
        { at },
      );
    }
  }

  /** The next statement is read while the server is at work, so that it can be sent as soon as the server is ready. */
  #lookAhead = (): void => {
    const item = this.#reader.readAhead(this.#session.lexis);
    this.#next = item === undefined ? undefined : this.#plan(item);
    if (this.#next?.verdict.fate !== 'run' || isNothing(this.#next.words)) return;
    this.#runner.prepare(this.#next);
  };

  #plan(item: StatementItem): StatementPlan {
    const { section, own } = this.#request;
    return planStatement(item, this.#session.lexis, {
      own: section ?? own,
      isLeading: this.#runner.isLeading,
      decode: this.#decode,
    });
  }

  #planOf(item: StatementItem): StatementPlan {
    const next = this.#next;
    const isPlanned = next?.item === item && next.isLeading === this.#runner.isLeading;
    return isPlanned ? next : this.#plan(item);
  }

  /** @returns false if it is left out; @throws DumpProblem if it is refused */
  #isRun({ item: { at, bytes }, verdict }: StatementPlan): boolean {
    if (verdict.fate === 'run') return true;
    if (verdict.fate === 'skip') {
      this.#runner.skip(bytes, verdict.reason);
      return false;
    }
    // After the section, the next database is created before \connect leads there.
    if (this.#request.section !== undefined && verdict.statement.endsWith(' DATABASE')) {
      this.#outside += 1;
      return false;
    }
    throw new DumpProblem('refused', `${verdict.statement} is refused: ${verdict.reason}`, {
      at,
      statement: beginningOf(bytes, this.#decode),
    });
  }

  /** Settings that decide how the server reads SQL are made there too. */
  async #outsideOfSection({ item: { bytes }, words }: StatementPlan): Promise<void> {
    this.#outside += 1;
    if (takesData(words)) await this.#reader.copyData(() => undefined);
    const isLexical = /^(?:STANDARD_CONFORMING_STRINGS|CLIENT_ENCODING)$/.test(words.keyword(1));
    if (words.keyword(0) === 'SET' && isLexical) await this.#session.run(bytes);
  }

  #assertComplete({ at, open }: Extract<DumpItem, { kind: 'end' }>): void {
    const { section } = this.#request;
    const problem =
      open === undefined
        ? this.#completeness.problem
        : `it ends within ${open}, which begins in this statement`;
    if (problem !== undefined) throw new DumpProblem('incomplete', problem, { at });
    if (section !== undefined && !this.#sections.has(section)) {
      const names = [...this.#sections].map((name) => `"${name}"`).join(', ');
      throw new DumpProblem('refused', `it has no section of "${section}", but of ${names || 'none'}`, {
        at,
        hint:
          names === ''
            ? 'It has no database. Create a dump of one: pg_dump.'
            : 'Name the one to restore: --section <name>.',
      });
    }
    if (this.#session.status !== 'I' && !this.#request.singleTransaction) {
      throw new DumpProblem('incomplete', 'it begins a transaction that it does not end (COMMIT)', { at });
    }
    if (this.#runner.isEmpty) {
      const where = section === undefined ? '' : ` in its section of "${section}"`;
      const others = [...this.#sections].filter((name) => name !== section).map((name) => `"${name}"`);
      throw new DumpProblem('empty', `holds nothing to restore${where}`, {
        at,
        ...(others.length === 0
          ? {}
          : { hint: `It also has sections of ${others.join(', ')}: --section <name>` }),
      });
    }
  }
}

/** Only white space and comments, or only a semicolon. */
function isNothing(words: Words): boolean {
  const first = words.at(0);
  return first === undefined || (first.kind === 'sign' && first.text === ';' && words.at(1) === undefined);
}
