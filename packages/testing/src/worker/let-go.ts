import type { LeakedSession } from '../leaks/inspect-leaks.js';
import type { TimerTrack } from '../leaks/track-timers.js';
import type { FileDatabase } from './file-database.js';

/**
 * Lets this process go on, or end, without the resources that a test file has left open: leaked sockets are taken away
 * without notice to their drivers, and its timers, processes and threads no longer keep the process alive. With `leaks:
 * 'ignore'` the sockets stay until the database is given back.
 */
export function letGo(
  { settings, watch }: FileDatabase,
  leaks: readonly LeakedSession[],
  timers: TimerTrack,
): void {
  const isIgnored = settings.leaks === 'ignore' && watch.used;
  if (leaks.length > 0 || (isIgnored && watch.openSockets().length > 0)) timers.unref();
  if (leaks.length > 0) watch.detach();
  if (isIgnored || leaks.some(({ socket }) => socket === null)) watch.unrefStarted();
}
