/** Marks the options of an operation that the command runs, with the command's name. Symbols are no options of a user's. */
const command = Symbol.for('pg-evict.command');

/**
 * The same options, for an operation that the command runs under a name of its own (`restore` recreates). Such an
 * operation also drops, after its own work, what was kept for an undo on the server and has expired: from code that
 * never happens.
 */
export function ofCommand<Options extends object>(options: Options, name: string): Options {
  return { ...options, [command]: name };
}

/** The name of the command that runs an operation with these options; `undefined` where code does. */
export function commandOf(options: object): string | undefined {
  return (options as { readonly [command]?: string })[command];
}
