import { setTimeout as sleep } from 'node:timers/promises';
import { createColors } from 'picocolors';
import type { Colors } from 'picocolors/types.js';
import type { CommandContext } from '../context/command-context.js';
import { isPgEvictError } from '../context/engine.js';
import type { GlobalOptions } from '../options/global.js';
import { wantsColor } from '../terminal/color.js';
import { done } from '../terminal/exit-code.js';
import { printable } from '../terminal/printable.js';
import { fullLayout, type TableLayout } from './layout.js';
import { type Listing, sessionList } from './list.js';

/** The alternate screen, without a cursor, and without line wrapping (as with --wide). */
const alternateScreen = {
  enter: '\u001B[?1049h\u001B[?25l\u001B[?7l',
  leave: '\u001B[?7h\u001B[?25h\u001B[?1049l',
};
const redraw = { start: '\u001B[H', endOfLine: '\u001B[K', below: '\u001B[J' };

/** What the latest look saw, or why it failed. */
interface Seen {
  readonly at: Date;
  readonly listing: Listing | string;
}

/**
 * Shows the sessions again and again until it is interrupted: on a terminal in place, on the alternate screen, so that
 * the earlier text is there afterwards; elsewhere one list after the other, each with the time.
 *
 * The first look must succeed. After that a failure is shown and the watch goes on: the database may be dropped and
 * created again, or the server restarted, in the meantime.
 */
export async function watchSessions(
  { interrupts, options }: CommandContext,
  intervalMs: number,
  look: () => Promise<Listing>,
): Promise<number> {
  const controller = new AbortController();
  const stop = (): void => {
    controller.abort();
  };
  interrupts.handOver(stop);
  // A reader that closes the pipe (`| head`) ends it too.
  process.stdout.once('error', stop).once('close', stop);
  const { signal } = controller;
  const isScreen = process.stdout.isTTY;
  const colors = createColors(wantsColor(process.stdout));
  const lookNow = async (): Promise<Seen> => ({ listing: await first(look, signal), at: new Date() });
  const draw = (seen: Seen): void => {
    process.stdout.write(isScreen ? onScreen(seen, colors, options) : `${frame(seen, colors, {})}\n\n`);
  };
  const leave = (): void => {
    if (isScreen) process.stdout.write(alternateScreen.leave);
  };
  let seen: Seen | undefined;
  const drawAgain = (): void => {
    if (seen !== undefined) draw(seen);
  };
  try {
    seen = await lookNow();
    if (signal.aborted) return done;
    if (isScreen) process.stdout.write(alternateScreen.enter);
    process.once('exit', leave);
    if (isScreen) process.stdout.on('resize', drawAgain);
    for (;;) {
      draw(seen);
      await sleep(intervalMs, undefined, { signal });
      seen = await lookNow().catch(said);
    }
  } catch (error) {
    if (signal.aborted) return done;
    throw error;
  } finally {
    process.stdout.off('resize', drawAgain);
    if (process.listeners('exit').includes(leave)) {
      process.off('exit', leave);
      leave();
    }
    interrupts.handOver(undefined);
  }
}

/** The result of `look`, unless it is interrupted first: then the server is not waited for. */
async function first(look: () => Promise<Listing>, signal: AbortSignal): Promise<Listing> {
  return new Promise((resolve, reject) => {
    const leave = (): void => {
      reject(new Error('interrupted'));
    };
    signal.addEventListener('abort', leave, { once: true });
    // A watch may run for days, so nothing must accumulate with each look.
    look()
      .then(resolve, reject)
      .finally(() => {
        signal.removeEventListener('abort', leave);
      });
  });
}

/** A temporary failure, shown instead of a list. */
function said(error: unknown): Seen {
  if (!isPgEvictError(error)) throw error;
  return { listing: error.message, at: new Date() };
}

function frame({ listing, at }: Seen, colors: Colors, layout: TableLayout): string {
  const time = colors.dim(at.toTimeString().slice(0, 8));
  return typeof listing === 'string'
    ? `${time}  ${colors.red(printable(listing))}`
    : `${time}\n${sessionList(listing, colors, layout).trimEnd()}`;
}

/** Overwrites the screen, because clearing it first would flicker. It lists as many sessions as there is room for. */
function onScreen(seen: Seen, colors: Colors, options: GlobalOptions): string {
  const { columns, rows } = process.stdout;
  // In the last column, erasing to the end of the line would erase the last character.
  const layout = fullLayout({ isTTY: true, columns: columns - 1 }, options);
  let lines = frame(seen, colors, layout).split('\n');
  const room = rows > 2 ? rows - 1 : lines.length;
  let limit = typeof seen.listing === 'string' ? 0 : seen.listing.sessions.length;
  // The notes below a shorter list may take more lines.
  while (lines.length > room && limit > 0) {
    limit = Math.max(0, limit - (lines.length - room));
    lines = frame(seen, colors, { ...layout, limit }).split('\n');
  }
  return `${redraw.start}${lines
    .slice(0, room)
    .map((line) => `${line}${redraw.endOfLine}\n`)
    .join('')}${redraw.below}`;
}
