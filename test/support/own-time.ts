/** How long one tick is. */
const tickMs = 50;

/**
 * Whether something has settled before as much time has passed as this process had to itself. Each tick is a timer of its
 * own: where the machine stops this process for a while, its timers are late, and one tick is all that passes, as with
 * the timers that are measured.
 */
export async function settlesWithin(ms: number, settling: Promise<unknown>): Promise<boolean> {
  const settled = settling.then(
    () => true,
    () => true,
  );
  for (let passed = 0; passed < ms; passed += tickMs) {
    let timer: NodeJS.Timeout | undefined;
    const tick = new Promise<false>((resolve) => {
      timer = setTimeout(() => resolve(false), tickMs);
    });
    const isOver = await Promise.race([settled, tick]);
    clearTimeout(timer);
    if (isOver) return true;
  }
  return false;
}
