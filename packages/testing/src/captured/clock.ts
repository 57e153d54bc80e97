// Tests replace globals, and exports of Node's modules, also across files; these are the originals, to wait with.
const { clearTimeout: clear, performance: clock, setImmediate: soon, setTimeout: set } = globalThis;

/** Milliseconds, by a clock that is never set. */
export const now: () => number = clock.now.bind(clock);

/** Calls back once, later. */
export function setTimer(callback: () => void, ms: number): NodeJS.Timeout {
  return set(callback, ms);
}

/** The same, after the events that came while this thread was busy; it may call back although it was cleared. */
export function setPatientTimer(callback: () => void, ms: number): NodeJS.Timeout {
  return set(() => void soon(callback), ms);
}

/** Calls back no more. */
export function clearTimer(timer: NodeJS.Timeout | undefined): void {
  clear(timer);
}

/** Waits. */
export async function pause(ms: number): Promise<void> {
  return new Promise((resolve) => void set(resolve, ms));
}

/** Waits until pending events have been delivered. */
export async function nextTurn(): Promise<void> {
  return new Promise((resolve) => void soon(resolve));
}
