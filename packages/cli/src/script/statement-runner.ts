import type { SkippedStatement } from '../dump/dump.js';
import type { DumpReader } from '../dump/dump-reader.js';
import { beginningOf, type Words } from '../sql/words.js';
import { DumpProblem } from './dump-problem.js';
import type { DumpSession } from './dump-session.js';
import { StatementError } from './statement-error.js';
import type { StatementPlan } from './statement-plan.js';
import { isOnExtension, makesSomething } from './tolerated.js';

/** The longest message that a server accepts. */
const longestStatement = 2 ** 30 - 64;

/** The server would end a statement at a zero byte. */
function isSendable(statement: Buffer): boolean {
  return statement.length <= longestStatement && !statement.includes(0);
}

/** Runs the permitted statements of a dump, and leaves out those that fail and may be left out. */
export class StatementRunner {
  readonly skipped: SkippedStatement[] = [];
  readonly #session: DumpSession;
  readonly #reader: DumpReader;
  readonly #decode: (bytes: Buffer) => string;
  readonly #onTable: (name: string) => void;
  readonly #whileAtWork: () => void;
  readonly #lackingExtensions = new Set<string>();
  #isLeading = true;
  /** Whether a CREATE was run. In a dump without tables, large objects with comments and privileges precede the data. */
  #hasCreated = false;
  /** Whether definitions may call a function of the dump. */
  #hasEventTrigger = false;
  #isEmpty = true;
  #isCopying = false;

  /**
   * @param onTable called with a table before its data
   * @param whileAtWork called when the server has received all of a statement
   */
  constructor(
    session: DumpSession,
    reader: DumpReader,
    decode: (bytes: Buffer) => string,
    { onTable, whileAtWork }: { onTable: (name: string) => void; whileAtWork: () => void },
  ) {
    this.#session = session;
    this.#reader = reader;
    this.#decode = decode;
    this.#onTable = onTable;
    this.#whileAtWork = whileAtWork;
  }

  /** Whether nothing but settings was run. */
  get isEmpty(): boolean {
    return this.#isEmpty;
  }

  /** Whether the data of a table are being sent. */
  get isCopying(): boolean {
    return this.#isCopying;
  }

  /** Whether nothing was made yet. */
  get isLeading(): boolean {
    return this.#isLeading;
  }

  skip(bytes: Buffer, reason: string): void {
    this.skipped.push({ statement: beginningOf(bytes, this.#decode), reason });
  }

  /** Sends the next statement in advance, if the one before cannot change the decision to run it. */
  prepare({ isDefinition, item: { bytes }, messages, tolerated, words }: StatementPlan): void {
    if (this.#isLeading || tolerated.length > 0 || words.keyword(0) === 'COPY') return;
    if (this.#lackingExtensions.size > 0 || !isSendable(bytes)) return;
    this.#session.prepare(messages, !this.#hasEventTrigger && isDefinition);
  }

  /** @throws DumpProblem */
  // oxlint-disable-next-line complexity -- each statement of a dump is asked all of this
  async run({ item, messages, tolerated: allowed, words }: StatementPlan): Promise<void> {
    const { at, bytes } = item;
    const place = { isLeading: this.#isLeading, decode: this.#decode };
    if (isOnExtension(words, this.#lackingExtensions, place)) {
      this.skip(bytes, 'the extension was left out');
      return;
    }
    if (!isSendable(bytes)) {
      const why = bytes.length > longestStatement ? 'it is longer than 1 GB' : 'it has a zero byte in it';
      throw this.#problem('refused', `a statement cannot be sent: ${why}`, bytes, at);
    }
    this.#isEmpty &&= /^(?:SET|SELECT|BEGIN|START|COMMIT|RESET)?$/.test(words.keyword(0));
    try {
      if (words.keyword(0) === 'COPY') await this.#copy(bytes, words, at);
      else if (allowed.length > 0 && this.#session.status === 'T') await this.#withinSavepoint(bytes);
      else {
        const running = this.#session.send(messages);
        this.#whileAtWork();
        await running;
      }
    } catch (error) {
      if (!(error instanceof StatementError)) throw error;
      const tolerated = allowed.find(({ codes }) => codes.includes(error.said?.code ?? ''));
      if (tolerated === undefined) throw this.#problem('failed', error.message, bytes, at, error);
      if (words.keyword(1) === 'EXTENSION' && words.keyword(0) === 'CREATE') {
        const index = words.keyword(2) === 'IF' ? 5 : 2;
        this.#lackingExtensions.add(words.name(index, this.#decode) ?? '');
      }
      this.skip(bytes, tolerated.reason);
      return;
    }
    if (this.#isLeading && makesSomething(words)) this.#isLeading = false;
    if (words.keyword(0) !== 'CREATE') return;
    this.#hasCreated = true;
    this.#hasEventTrigger ||= words.keyword(1) === 'EVENT';
  }

  async #withinSavepoint(bytes: Buffer): Promise<void> {
    await this.#session.run(Buffer.from('SAVEPOINT pg_evict'));
    try {
      await this.#session.run(bytes);
    } catch (error) {
      await this.#session.run(Buffer.from('ROLLBACK TO SAVEPOINT pg_evict'));
      throw error;
    }
    await this.#session.run(Buffer.from('RELEASE SAVEPOINT pg_evict'));
  }

  async #copy(bytes: Buffer, words: Words, at: number): Promise<void> {
    const table = [words.at(1), words.at(2), words.at(3)];
    const name = table[1]?.text === '.' ? table.map((token) => token?.text).join('') : (table[0]?.text ?? '');
    this.#onTable(this.#decode(Buffer.from(name, 'latin1')));
    const feed = async (take: (data: Buffer) => Promise<void>): Promise<void> => {
      this.#isCopying = true;
      const isWhole = await this.#reader.copyData(take).finally(() => (this.#isCopying = false));
      if (!isWhole) throw this.#problem('incomplete', 'it ends within the data of a table', bytes, at);
    };
    await this.#session.copy(bytes, feed, this.#whileAtWork);
  }

  #problem(
    kind: DumpProblem['kind'],
    message: string,
    bytes: Buffer,
    at: number,
    cause?: Error,
  ): DumpProblem {
    return new DumpProblem(kind, message, {
      at,
      statement: beginningOf(bytes, this.#decode),
      madeNothing: !this.#hasCreated,
      cause,
    });
  }
}
