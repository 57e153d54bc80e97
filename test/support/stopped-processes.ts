/**
 * Stops processes of a server of the test's own with SIGSTOP; after each test all of them go on. Meanwhile no database of
 * that server can be dropped, as each process has to answer (from 15 on).
 */
export class StoppedProcesses {
  readonly #pids = new Set<number>();

  constructor() {
    beforeEach(() => {
      if (process.env['PG_EVICT_TEST_URL'] === process.env['PG_EVICT_TEST_SHARED_URL'])
        throw new Error('other tests share this server: useOwnServer() first');
    });
    afterEach(() => {
      for (const pid of this.#pids) this.goOn(pid);
    });
  }

  stop(pid: number): void {
    // 0 and negative numbers stand for groups of processes: 0 for that of the tests, which would never go on.
    if (!(pid > 0)) throw new Error(`there is no process ${pid} to stop`);
    process.kill(pid, 'SIGSTOP');
    this.#pids.add(pid);
  }

  goOn(pid: number): void {
    this.#pids.delete(pid);
    process.kill(pid, 'SIGCONT');
  }
}
