import type { DatabaseDescription, ServerLocation } from '@pg-evict/core';
import { createColors } from 'picocolors';
import type { Colors } from 'picocolors/types.js';
import type { CommandContext } from '../context/command-context.js';
import { describeDatabase, locateServer, PgEvictError } from '../context/engine.js';
import { previewDatabase } from '../report/preview.js';
import { wantsColor } from '../terminal/color.js';
import { quoteForShell } from '../terminal/format.js';
import { printable } from '../terminal/printable.js';
import { startProgress } from '../terminal/progress.js';
import { askOnTerminal } from './ask-on-terminal.js';

/** What is asked. */
export interface Question {
  /** What is to be done, as the name of the command. */
  readonly verb: string;
  /** What comes of it, after the database's name. */
  readonly loss: string;
  /** What is shown before, below server and database. */
  readonly preview: (colors: Colors) => readonly string[];
}

/**
 * Asks before something that cannot be undone. One rule: with the server on this machine, and NODE_ENV not
 * "production", a yes will do, on the terminal or as `--yes`. Otherwise the name must be given, on the terminal or by
 * `--confirm`; `--yes` alone is refused.
 *
 * @param prepare finds out what to ask; `undefined` if nothing is lost by it. What it throws is not asked.
 * @throws PgEvictError `REFUSED`
 */
export async function confirm(
  context: CommandContext,
  prepare: (description: DatabaseDescription) => Promise<Question | undefined>,
): Promise<void> {
  const { connection, deadline, options, target } = context;
  if (options.confirm !== undefined) return;
  const refuse = (problem: string, hint: string): never => {
    throw new PgEvictError('REFUSED', problem, { database: target.database, hint });
  };
  // No connection is made for it: most say yes beforehand, and all that is needed then is where the target leads.
  const obstacle = mustBeNamed(locateServer(target));
  const name = `--confirm ${quoteForShell(target.database ?? '')}`;
  if (options.yes === true) {
    if (obstacle === undefined) return;
    refuse(`--yes is not enough: ${obstacle}. Nothing was changed.`, `Name the database: ${name}`);
  }
  if (!process.stdin.isTTY || !process.stderr.isTTY) {
    refuse(
      'This needs to be confirmed, and there is no terminal to ask on.',
      `Add ${obstacle === undefined ? '--yes' : `${name} (${obstacle})`} to do it, or --dry-run to see what it would do.`,
    );
  }
  const progress = startProgress(options);
  let description: DatabaseDescription;
  let question: Question | undefined;
  try {
    description = await describeDatabase(target, deadline);
    question = await prepare(description);
  } finally {
    progress.stop();
  }
  if (question === undefined) return;

  const { database } = description;
  const colors = createColors(wantsColor(process.stderr));
  const lines = [
    ...previewDatabase(description, connection.source.description, colors),
    ...question.preview(colors),
  ];
  process.stderr.write(lines.map((line) => `${line}\n`).join(''));
  const what = `${capitalized(question.verb)} ${colors.bold(`"${printable(database)}"`)}${question.loss}?`;
  const isConfirmed =
    obstacle === undefined
      ? /^y(?:es)?$/i.test((await askOnTerminal(`${what} [y/N] `, context)).trim())
      : (
          await askOnTerminal(
            `${what}\n${colors.yellow(`${capitalized(obstacle)}.`)} Type the name of the database to do it: `,
            context,
          )
        ).trim() === database.trim();
  if (!isConfirmed) {
    throw new PgEvictError('REFUSED', 'Not confirmed. Nothing was changed.', { database });
  }
}

/** Why a yes is not enough. */
function mustBeNamed({ local, server }: ServerLocation): string | undefined {
  if (!local) return `the server ${server} is not on this machine`;
  return process.env['NODE_ENV'] === 'production' ? 'NODE_ENV is production' : undefined;
}

const capitalized = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;

/** `--confirm` with the wrong name means that the caller is wrong about something: refused wherever it is given. */
export function assertConfirmed({ options, target: { database } }: CommandContext): void {
  if (options.confirm === undefined || database === undefined || options.confirm === database) return;
  throw new PgEvictError(
    'REFUSED',
    `--confirm names "${options.confirm}", but the database is "${database}". Nothing was changed.`,
    { database, hint: 'Look again which of the two is meant.' },
  );
}
