import { setTimeout as sleep } from 'node:timers/promises';
import { createColors } from 'picocolors';
import type { CommandContext } from '../context/command-context.js';
import { isPgEvictError } from '../context/engine.js';
import type { GlobalOptions } from '../options/global.js';
import { wantsColor } from '../terminal/color.js';
import { done } from '../terminal/exit-code.js';
import { printable } from '../terminal/printable.js';
import { fullLayout } from './layout.js';
import { type Listing, sessionList } from './list.js';

/** The alternate screen, without a cursor, and without line wrapping (as with --wide). */
const alternateScreen = {
  enter: '\u001B[?1049h\u001B[?25l\u001B[?7l',
  leave: '\u001B[?7h\u001B[?25h\u001B[?1049l',
};
const redraw = { start: '\u001B[H', endOfLine: '\u001B[K', below: '\u001B[J' };

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
  let text = '';
  const draw = (): void => {
    process.stdout.write(isScreen ? onScreen(text) : `${text}\n`);
  };
  const leave = (): void => {
    if (isScreen) process.stdout.write(alternateScreen.leave);
  };
  try {
    text = frame(await first(look, signal), colors, options);
    if (signal.aborted) return done;
    if (isScreen) process.stdout.write(alternateScreen.enter);
    process.once('exit', leave);
    if (isScreen) process.stdout.on('resize', draw);
    for (;;) {
      draw();
      await sleep(intervalMs, undefined, { signal });
      text = frame(await first(look, signal).catch(said), colors, options);
    }
  } catch (error) {
    if (signal.aborted) return done;
    throw error;
  } finally {
    process.stdout.off('resize', draw);
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
function said(error: unknown): string {
  if (!isPgEvictError(error)) throw error;
  return error.message;
}

function frame(
  seen: Listing | string,
  colors: ReturnType<typeof createColors>,
  options: GlobalOptions,
): string {
  const time = colors.dim(new Date().toTimeString().slice(0, 8));
  return typeof seen === 'string'
    ? `${time}  ${colors.red(printable(seen))}\n`
    : `${time}\n${sessionList(seen, colors, fullLayout(process.stdout, options))}`;
}

/** Overwrites the screen, because clearing it first would flicker; rows that do not fit are counted. */
function onScreen(text: string): string {
  const lines = text.trimEnd().split('\n');
  const rows = process.stdout.rows > 2 ? process.stdout.rows : lines.length + 1;
  const shown =
    lines.length < rows
      ? lines
      : [...lines.slice(0, rows - 3), `… ${lines.length - rows + 2} more`, lines.at(-1) ?? ''];
  return `${redraw.start}${shown.map((line) => `${line}${redraw.endOfLine}\n`).join('')}${redraw.below}`;
}
