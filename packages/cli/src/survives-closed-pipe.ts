/** Makes `pg-evict … | head` end quietly: what nobody reads any more is dropped, the work goes on. */
export function survivesClosedPipe(stream: NodeJS.WriteStream): void {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}
