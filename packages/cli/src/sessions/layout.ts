import type { GlobalOptions } from '../options/global.js';

/** How much of a list of sessions is shown. */
export interface TableLayout {
  /** The available columns; without them, nothing is cut. */
  readonly width?: number | undefined;
  /** How many sessions are listed; those after them are counted. @default all */
  readonly limit?: number | undefined;
}

/** The rows around a list: server, database, headings, the question. */
const linesAround = 18;
const fewest = 3;
const most = 10;

/** The layout of a list of all sessions on a stream. */
export function fullLayout(
  { columns, isTTY }: Pick<NodeJS.WriteStream, 'columns' | 'isTTY'>,
  { wide }: Pick<GlobalOptions, 'wide'>,
): TableLayout {
  return { width: isTTY && wide !== true ? columns : undefined };
}

/**
 * The layout of a list that leaves the text above it on the screen. Without a screen, it lists all: a log is read
 * later.
 */
export function shortLayout(
  stream: Pick<NodeJS.WriteStream, 'columns' | 'isTTY' | 'rows'>,
  options: Pick<GlobalOptions, 'wide'>,
): TableLayout {
  const { isTTY, rows } = stream;
  const limit = isTTY ? Math.min(most, Math.max(fewest, rows - linesAround)) : undefined;
  return { ...fullLayout(stream, options), limit };
}
