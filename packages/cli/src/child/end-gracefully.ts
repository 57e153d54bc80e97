/** How long a child has between SIGTERM and SIGKILL. */
const killAfterMs = 5000;

/** The end of a child, in two steps. */
export interface GracefulEnd {
  /** Sends SIGTERM, and SIGKILL 5 s after the first call. */
  readonly end: () => void;
  /** The child has exited: nothing more is sent. */
  readonly forget: () => void;
}

/**
 * Ends a child process by SIGTERM, and by SIGKILL if it is still there 5 s later.
 *
 * @param kill sends a signal to the child, or to its process group
 */
export function endGracefully(kill: (signal: 'SIGTERM' | 'SIGKILL') => void): GracefulEnd {
  let killer: NodeJS.Timeout | undefined;
  return {
    end: () => {
      kill('SIGTERM');
      killer ??= setTimeout(() => {
        kill('SIGKILL');
      }, killAfterMs);
    },
    forget: () => {
      clearTimeout(killer);
    },
  };
}
