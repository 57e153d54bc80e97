/** The timers of a test file. */
export interface TimerTrack {
  /** Lets the process end while they still run. */
  unref(): void;
}

type SetTimer = (...parameters: unknown[]) => unknown;

/** So many before those that are gone are looked for. */
const untidy = 1000;

/**
 * Remembers the timers that are set through a global object, weakly: those of a pool that is never closed would keep
 * the process alive for as long as the pool's connections may be idle.
 */
export function trackTimers(global: object): TimerTrack {
  const timers = new Set<WeakRef<NodeJS.Timeout>>();
  let tidyAt = untidy;
  const remember = (timer: unknown): void => {
    // Those of jsdom are numbers, and end with its window.
    if (typeof timer !== 'object' || timer === null) return;
    timers.add(new WeakRef(timer as NodeJS.Timeout));
    if (timers.size < tidyAt) return;
    for (const reference of timers) if (reference.deref() === undefined) timers.delete(reference);
    tidyAt = Math.max(untidy, timers.size * 2);
  };
  for (const name of ['setTimeout', 'setInterval']) {
    const original = Reflect.get(global, name) as SetTimer;
    const remembering = function remembering(this: unknown, ...parameters: unknown[]): unknown {
      const timer = original.apply(this, parameters);
      remember(timer);
      return timer;
    };
    // util.promisify looks for a symbol of it.
    Object.defineProperties(remembering, Object.getOwnPropertyDescriptors(original));
    Reflect.set(global, name, remembering);
  }
  return {
    unref() {
      for (const timer of timers) timer.deref()?.unref();
    },
  };
}
