import { PgEvictError } from './pg-evict-error.js';

/** The names of all options; the compiler sees to it that none is missing. */
export type KnownOptions<Options> = Readonly<Record<keyof Options, true>>;

/**
 * Refuses options that there are not: plain JavaScript has no compiler to notice, and a misspelt `dryRun` or `filter`
 * would end everybody.
 *
 * @param of what they are options of, as the message is to call it
 * @throws {@link PgEvictError} `CONFIG_INVALID`
 */
export function assertOptions<Options extends object>(
  of: string,
  options: Options,
  known: KnownOptions<Options>,
): void {
  const strange = Object.keys(options).find((name) => !Object.hasOwn(known, name));
  if (strange === undefined) return;
  throw new PgEvictError('CONFIG_INVALID', `${of} has no option "${strange}".`, {
    hint: `It has ${Object.keys(known).join(', ')}.`,
  });
}
