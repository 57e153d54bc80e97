import { syncBuiltinESMExports } from 'node:module';
import nodeTimers from 'node:timers';
import nodeTimersPromises from 'node:timers/promises';
import { clearTimer, setTimer } from '../captured/clock.js';

/** The timers of a test file. */
export interface TimerTrack {
  /** Lets the process end while they still run. */
  unref(): void;
  /** Tracks no more timers of Node's modules, which the next file uses, too. */
  stop(): void;
}

type SetTimer = (...parameters: unknown[]) => unknown;

/** The longest that a timer may take. */
const longestMs = 2 ** 31 - 1;

/** So many before those that are gone are looked for. */
const untidy = 1000;

/**
 * Remembers the timers that are set through a global object and through Node's modules, weakly: those of a pool that is
 * never closed would keep the process alive for as long as the pool's connections may be idle.
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
  for (const name of timerNames) replace(global, name, (original) => remembering(original, remember));
  const restore = [
    ...timerNames.map((name) => replace(nodeTimers, name, (original) => remembering(original, remember))),
    // util.promisify(setTimeout) looks it up here, too.
    replace(nodeTimersPromises, 'setTimeout', (original) => keptByTimer(original, remember, 2)),
    replace(nodeTimersPromises, 'setInterval', (original) => keptWhileRead(original, remember)),
    replace(Object.getPrototypeOf(nodeTimersPromises.scheduler) as object, 'wait', (original) =>
      keptByTimer(original, remember, 1),
    ),
  ];
  syncBuiltinESMExports();
  return {
    unref() {
      for (const timer of timers) timer.deref()?.unref();
    },
    stop() {
      for (const undo of restore) undo();
      syncBuiltinESMExports();
    },
  };
}

const timerNames = ['setTimeout', 'setInterval'] as const;

/** Replaces a function. Returns what puts it back, unless somebody else has replaced it meanwhile. */
function replace(holder: object, name: string, wrap: (original: SetTimer) => SetTimer): () => void {
  const original = Reflect.get(holder, name) as SetTimer;
  const wrapped = wrap(original);
  // util.promisify looks for a symbol of it.
  Object.defineProperties(wrapped, Object.getOwnPropertyDescriptors(original));
  Reflect.set(holder, name, wrapped);
  return () => {
    if (Reflect.get(holder, name) === wrapped) Reflect.set(holder, name, original);
  };
}

function remembering(original: SetTimer, remember: (timer: unknown) => void): SetTimer {
  return function tracked(this: unknown, ...parameters) {
    const timer = original.apply(this, parameters);
    remember(timer);
    return timer;
  };
}

/**
 * The timer of a promise cannot be reached. So it does not keep the process alive, and one beside it does, which can be.
 *
 * @param optionsAt which parameter the options are
 */
function keptByTimer(original: SetTimer, remember: (timer: unknown) => void, optionsAt: number): SetTimer {
  return function tracked(this: unknown, ...parameters) {
    const quiet = withoutRef(parameters, optionsAt);
    if (quiet === undefined) return original.apply(this, parameters);
    const settled = original.apply(this, quiet) as Promise<unknown>;
    const keeper = setTimer(() => undefined, Number(parameters[0] ?? 1));
    remember(keeper);
    const drop = (): void => clearTimer(keeper);
    settled.then(drop, drop);
    return settled;
  };
}

/** The same for an iterator, for as long as it is read. */
function keptWhileRead(original: SetTimer, remember: (timer: unknown) => void): SetTimer {
  return async function* tracked(this: unknown, ...parameters) {
    const quiet = withoutRef(parameters, 2);
    const keeper = quiet && setTimer(() => undefined, longestMs);
    remember(keeper);
    try {
      yield* original.apply(this, quiet ?? parameters) as AsyncIterable<unknown>;
    } finally {
      clearTimer(keeper);
    }
  };
}

/** Parameters by which a timer does not keep the process alive; `undefined` if it does not anyway, or they are wrong. */
function withoutRef(parameters: readonly unknown[], optionsAt: number): unknown[] | undefined {
  const options = parameters[optionsAt];
  if (options !== undefined && (typeof options !== 'object' || options === null)) return undefined;
  const { ref } = Object(options) as { ref?: unknown };
  if (ref === false) return undefined;
  const changed = [...parameters];
  changed[optionsAt] = { ...options, ref: false };
  return changed;
}
