import type { DatabaseDescription } from '@pg-evict/core';
import { createColors } from 'picocolors';
import type { Colors } from 'picocolors/types.js';
import type { CommandContext } from '../context/command-context.js';
import { describeDatabase, outsideDeadline, PgEvictError } from '../context/engine.js';
import { previewDatabase } from '../report/preview.js';
import { wantsColor } from '../terminal/color.js';
import { startProgress } from '../terminal/progress.js';
import { textWidth, wrap } from '../terminal/wrap.js';
import { askOnTerminal } from './ask-on-terminal.js';
import { confirmedCommand } from './confirmed-command.js';
import { type Obstacle, obstaclesOf } from './obstacles.js';

/** The question. */
export interface Question {
  /** The question as a person reads it, without the required answer: `Drop "app"? All its data will be lost.` */
  readonly text: string;
  /** The text shown before it, below server and database. */
  readonly preview: (colors: Colors) => readonly string[];
}

/** How a command can ask, and its rules for it. */
export type Asks =
  /** Data is lost by it: it asks everywhere. */
  | 'everywhere'
  /** Sessions are terminated, and nothing else is lost: it asks on the server of another machine, and in production. */
  | 'elsewhere';

/**
 * How an operation was confirmed; `undefined` if it was not confirmed by name or at a prompt: `--yes`, or nothing to
 * ask.
 */
export type Confirmation = 'shown' | 'named' | undefined;

/**
 * Asks before something that cannot be undone. One rule: if the server is on this machine, and there is neither a
 * production environment nor a coding agent, a yes is enough, on the terminal or as `--yes`. Otherwise the name must be
 * given, on the terminal or by `--confirm`; `--yes` alone is refused.
 *
 * @param prepare determines the question; `undefined` if nothing is lost. If it throws, nothing is asked.
 * @returns `shown` if it was shown and asked on the terminal, `named` if `--confirm` names the database: a person had
 * to mean it
 * @throws PgEvictError `REFUSED`
 */
export async function confirm(
  context: CommandContext,
  prepare: (description: DatabaseDescription) => Promise<Question | undefined>,
  asks: Asks = 'everywhere',
): Promise<Confirmation> {
  const { connection, options } = context;
  if (options.confirm !== undefined) return 'named';
  const obstacles = await obstaclesOf(context);
  if (asks === 'elsewhere' && obstacles.every(({ kind }) => kind === 'agent')) return undefined;
  if (options.yes === true && obstacles.length === 0) return undefined;

  const { description, question } = await lookAtIt(context, prepare);
  const canAsk = process.stdin.isTTY && process.stderr.isTTY;
  if (options.yes === true || !canAsk) throw refusal(context, obstacles);
  if (question === undefined) return undefined;

  const colors = createColors(wantsColor(process.stderr));
  const lines = [
    ...previewDatabase(description, connection.source.description, colors),
    ...question.preview(colors),
    ...obstacles.map(({ reason }) =>
      colors.yellow(wrap(`${capitalized(reason)}.`, textWidth(process.stderr))),
    ),
  ];
  process.stderr.write(lines.map((line) => `${line}\n`).join(''));
  await askForIt(context, question, description.database, obstacles.length > 0);
  return 'shown';
}

/** An operation that cannot succeed fails here, before the question. */
async function lookAtIt(
  context: CommandContext,
  prepare: (description: DatabaseDescription) => Promise<Question | undefined>,
): Promise<{ description: DatabaseDescription; question: Question | undefined }> {
  const progress = startProgress(context.options);
  try {
    const description = await describeDatabase(context.target, context.deadline);
    return { description, question: await prepare(description) };
  } finally {
    progress.stop();
  }
}

/** The refusal if there is no terminal to ask on, or a yes is not enough. */
function refusal(
  { options, target: { database = '' } }: CommandContext,
  obstacles: readonly Obstacle[],
): PgEvictError {
  if (obstacles.length === 0) {
    return new PgEvictError('REFUSED', 'This needs to be confirmed, and there is no terminal to ask on.', {
      database,
      hint: 'Add --yes to do it, or --dry-run to see what it would do.',
    });
  }
  const reasons = obstacles.map(({ reason }) => reason).join(', and ');
  const problem =
    options.yes === true
      ? `--yes is not enough: ${reasons}. Nothing was changed.`
      : `This needs to be confirmed: ${reasons}. Nothing was changed.`;
  const first = obstacles.some(({ kind }) => kind === 'agent')
    ? 'Ask your user first, naming the server and the database. If the answer is yes, run'
    : 'To do it, name the database';
  return new PgEvictError('REFUSED', problem, {
    database,
    hint: `${first}: ${confirmedCommand(process.argv.slice(2), database)}`,
  });
}

async function askForIt(
  context: CommandContext,
  question: Question,
  database: string,
  byName: boolean,
): Promise<void> {
  const prompt = byName ? 'Type the name of the database to do it: ' : '[y/N] ';
  const lines = wrap(`${question.text}${byName ? '\n' : ' '}${prompt}`, textWidth(process.stderr)).split(
    '\n',
  );
  // The prompt is redrawn with each key, so it must fit on one line.
  process.stderr.write(
    lines
      .slice(0, -1)
      .map((line) => `${line}\n`)
      .join(''),
  );
  const asking = async (): Promise<string> => askOnTerminal(lines.at(-1) ?? '', context);
  const answer = (await outsideDeadline(context.deadline, asking)).trim();
  if (byName ? answer === database.trim() : /^y(?:es)?$/i.test(answer)) return;
  const typed = byName && answer !== '' ? `: you typed "${answer}", and the database is "${database}"` : '';
  throw new PgEvictError('REFUSED', `Not confirmed${typed}. Nothing was changed.`, { database });
}

const capitalized = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;

/** `--confirm` with the wrong name means that the caller is mistaken about something: it is always refused. */
export function assertConfirmed({ options, target: { database } }: CommandContext): void {
  if (options.confirm === undefined || database === undefined || options.confirm === database) return;
  throw new PgEvictError(
    'REFUSED',
    `--confirm names "${options.confirm}", but the database is "${database}". Nothing was changed.`,
    { database, hint: 'Check which of the two you mean.' },
  );
}
