/** Stops processes with SIGSTOP; after each test all of them go on. */
export class StoppedProcesses {
  readonly #pids = new Set<number>();

  constructor() {
    afterEach(() => {
      for (const pid of this.#pids) this.goOn(pid);
    });
  }

  stop(pid: number): void {
    process.kill(pid, 'SIGSTOP');
    this.#pids.add(pid);
  }

  goOn(pid: number): void {
    this.#pids.delete(pid);
    process.kill(pid, 'SIGCONT');
  }
}
