/** Makes `pg-evict … | head` end quietly: output after the pipe is closed is dropped, the work goes on. */
export function survivesClosedPipe(stream: NodeJS.WriteStream): void {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

/**
 * Runs the user's code: configuration, knexfile, migrations. With `--json` stdout is for one document, so the output of
 * such code (console.log, dotenv's tips) goes to stderr meanwhile.
 */
export async function divertStdout<T>(options: { readonly json?: true }, work: () => Promise<T>): Promise<T> {
  if (options.json !== true) return work();
  // oxlint-disable-next-line unbound-method -- it is restored as it was
  const { write } = process.stdout;
  process.stdout.write = process.stderr.write.bind(process.stderr);
  try {
    return await work();
  } finally {
    process.stdout.write = write;
  }
}
