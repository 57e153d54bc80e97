import type { UndoOptions } from '@pg-evict/core';
import type { CommandContext } from '../context/command-context.js';

/** When a command keeps the content that it replaces, if no option says so. */
export type Keeps =
  /** If a person has confirmed it: by answering the question, or by naming the database. */
  | 'confirmed'
  /** Never: it does so only with `--undo`. */
  | 'asked'
  /** Always. */
  | 'always';

const hourMs = 3_600_000;
const gigabyte = 1024 ** 3;

/**
 * How core is to keep the old content. `--undo` overrides everything, regardless of the size. Otherwise nothing is kept
 * if `CI` is set, so that scripts leave no database behind.
 *
 * @param isMeant whether a person has confirmed it
 */
export function undoOptionsOf(
  { options, undo: configured }: Pick<CommandContext, 'options' | 'undo'>,
  keeps: Keeps,
  isMeant: boolean,
): UndoOptions {
  const { for: forMs = hourMs, upTo = gigabyte } = configured === false ? {} : (configured ?? {});
  if (options.undo === false) return {};
  if (options.undo !== undefined) return { undoMs: options.undo };
  if (configured === false || isCi() || keeps === 'asked') return {};
  // The content that an undo replaces is about as large, and another undo has to bring it back.
  if (keeps === 'always') return { undoMs: forMs };
  return isMeant ? { undoMs: forMs, undoUpToBytes: upTo } : {};
}

function isCi(): boolean {
  const { CI: ci = '' } = process.env;
  return !['', '0', 'false'].includes(ci.toLowerCase());
}
