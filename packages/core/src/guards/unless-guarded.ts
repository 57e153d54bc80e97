import { unlessPlaceholder } from './placeholder.js';
import { unlessProtected } from './protection-label.js';

/**
 * Added to a string of renames, which is one transaction, this makes all of them fail if the database that now has this
 * name is a placeholder ({@link unlessPlaceholder}) or is protected ({@link unlessProtected}). RENAME's lock is held by
 * then, so neither can change any more.
 */
export const unlessGuarded = (renamed: string): string =>
  `${unlessPlaceholder(renamed)}; ${unlessProtected(renamed)}`;
