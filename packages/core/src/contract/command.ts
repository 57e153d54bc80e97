/**
 * Marks the options of an operation that the command runs, with the command's name. A symbol is not a user's option.
 */
const command = Symbol.for('pg-evict.command');

/**
 * Options of an operation that the command runs under a name of its own (`restore` recreates). After its own work, such
 * an operation also drops expired content that was kept for an undo on the server. Operations called from code never do
 * that.
 */
export function ofCommand<Options extends object>(options: Options, name: string): Options {
  return { ...options, [command]: name };
}

/** The name of the command that runs an operation with these options; `undefined` if it is called from code. */
export function commandOf(options: object): string | undefined {
  return (options as { readonly [command]?: string })[command];
}
