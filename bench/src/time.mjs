/**
 * How long something took, in milliseconds, in all and since it was connected, which it tells by calling what it is
 * given; or how it failed.
 */
export async function time(callback) {
  const startedAt = performance.now();
  let connectedAt = startedAt;
  const took = () => ({ ms: performance.now() - startedAt, workMs: performance.now() - connectedAt });
  try {
    await callback(() => {
      connectedAt = performance.now();
    });
    return took();
  } catch (error) {
    return { ...took(), failure: error.code ?? error.message };
  }
}
