/** The channel on which a runner listens, so that a NOTIFY on it ends a nap. */
export function wakeChannel(runnerPid: number): string {
  return `pg_evict_${runnerPid}`;
}
