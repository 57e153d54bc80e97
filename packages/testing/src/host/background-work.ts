/** Work that goes on beside its callers, and that somebody waits for at the end. */
export class BackgroundWork {
  readonly #pending = new Set<Promise<unknown>>();

  /** Its failure is nobody's. */
  begin(work: Promise<unknown>): void {
    const pending = work.catch(() => undefined);
    this.#pending.add(pending);
    void pending.then(() => this.#pending.delete(pending));
  }

  /** Its failure is the caller's. */
  tracked<T>(work: Promise<T>): Promise<T> {
    this.begin(work);
    return work;
  }

  /** Waits until nothing is under way, work that began meanwhile included. */
  async settled(): Promise<void> {
    while (this.#pending.size > 0) await Promise.allSettled(this.#pending);
  }
}
