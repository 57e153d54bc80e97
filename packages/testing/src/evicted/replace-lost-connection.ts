import { nextTurn, setTimer } from '../captured/clock.js';

type SetTimeout = (callback: unknown, ms?: number, ...parameters: unknown[]) => unknown;

/** The global object of a test file. */
export interface FileGlobal {
  setTimeout: SetTimeout;
}

/** The mark that knex leaves on a connection that its pool must not lend any more. */
const lost = '__knex__disposed';

/** The method by which knex's pool, tarn, opens a connection if one is missing. */
const opens = '_tryAcquireOrCreate';

const { toString: sourceOf } = Function.prototype as { readonly toString: (this: unknown) => string };

/** Connections that are known to be lost, and global objects whose timers are being watched. */
const seen = new WeakSet();

/**
 * Lets knex's pool replace a connection that a reset has ended, even while a test has faked timers.
 *
 * The pool notices that a connection is lost only when it is about to lend it: it reads knex's mark, discards the
 * connection, and opens another one after `setTimeout(…, 0)`. A faked timer never fires, so the test would hang. From
 * the moment the mark is read until the end of that turn of the event loop, this one timer is a real one. All others
 * stay as the test wants them.
 *
 * Does nothing for a connection that is not knex's. Pools of pg need no timer.
 */
export function replaceLostConnection(connection: object, global: FileGlobal): void {
  if (!Object.hasOwn(connection, '__knexUid') || seen.has(connection)) return;
  seen.add(connection);
  let mark: unknown = Reflect.get(connection, lost);
  Object.defineProperty(connection, lost, {
    configurable: true,
    enumerable: true,
    get() {
      if (mark !== undefined) openByRealTimer(global);
      return mark;
    },
    set(value: unknown) {
      mark = value;
    },
  });
}

function openByRealTimer(global: FileGlobal): void {
  if (seen.has(global)) return;
  seen.add(global);
  const { setTimeout } = global;
  const chosen: SetTimeout = function chosen(this: unknown, callback, ms, ...parameters) {
    return typeof callback === 'function' && sourceOf.call(callback).includes(opens)
      ? setTimer(callback as () => void, ms ?? 0)
      : setTimeout.call(this, callback, ms, ...parameters);
  };
  // util.promisify looks for a symbol of it, and libraries of fake timers for their clock.
  Object.defineProperties(chosen, Object.getOwnPropertyDescriptors(setTimeout));
  global.setTimeout = chosen;
  void putBackNextTurn(global, chosen, setTimeout);
}

/** Puts a function back, unless somebody else has replaced it meanwhile. */
async function putBackNextTurn(global: FileGlobal, chosen: SetTimeout, before: SetTimeout): Promise<void> {
  await nextTurn();
  seen.delete(global);
  if (global.setTimeout === chosen) global.setTimeout = before;
}
